"""The writes of the autoscaler for one model version: what it wants, what is done, and why.

In: calls of `scaling` on the loop's thread. Out: series in the registry, from `mode` on: a model that nobody autoscales has none.
Every model's recorder has one.
"""

from collections.abc import Callable, Mapping

from servescope.metrics.definitions import MODES
from servescope.metrics.instruments import Counter
from servescope.metrics.recording.families import AutoscalerFamilies


class AutoscalerRecorder:
    """What is decided about one model."""

    __slots__ = ("_decisions", "_families", "_model", "_signals")

    def __init__(self, families: AutoscalerFamilies, name: str, version: str) -> None:
        self._families = families
        self._model = (name, version)
        self._signals: set[str] = set()
        self._decisions: dict[tuple[str, str], Counter] = {}

    def mode(self, mode: str) -> None:
        """The mode that is in force from now on. With `off` the gauges go."""
        for one in MODES:
            self._families.mode.labels(*self._model, one).value = float(one == mode)
        if mode == "off":
            self._drop_gauges()

    def applied(self, read: Callable[[], float]) -> None:
        """Let `read` say at scrape time how many workers there shall be."""
        self._families.applied.read(read, *self._model)

    def decided(self, desired: int, signals: Mapping[str, int], direction: str, reason: str, age_s: float) -> None:
        """A decision: how many workers are wanted in all and by which signal, where that leads and why, and for how long there have
        been no complete, fresh numbers.
        """
        families, model = self._families, self._model
        families.desired.labels(*model).value = float(desired)
        families.age.labels(*model).value = age_s
        for signal, workers in signals.items():
            families.signal.labels(*model, signal).value = float(workers)
        for signal in self._signals.difference(signals):
            families.signal.remove(*model, signal)
        self._signals = set(signals)
        counter = self._decisions.get((direction, reason))
        if counter is None:
            counter = self._decisions[direction, reason] = families.decisions.labels(*model, direction, reason)
        counter.value += 1.0

    def _drop_gauges(self) -> None:
        families, model = self._families, self._model
        for family in (families.desired, families.applied, families.age):
            family.remove(*model)
        for signal in self._signals:
            families.signal.remove(*model, signal)
        self._signals = set()

    def detach(self) -> None:
        """Drop the gauges: the model has gone."""
        self._drop_gauges()
        for one in MODES:
            self._families.mode.remove(*self._model, one)

    def remove(self) -> None:
        """Drop all series."""
        self.detach()
        for direction, reason in self._decisions:
            self._families.decisions.remove(*self._model, direction, reason)
        self._decisions = {}
