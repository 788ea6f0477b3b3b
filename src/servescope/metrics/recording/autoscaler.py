"""The writes of the autoscaler for one model version: what it wants, what is done, and why.

In: calls of `scaling` on the loop's thread. Out: series in the registry, from `mode` on: a model that nobody autoscales has none.
Every model's recorder has one.
"""

from collections.abc import Callable, Mapping

from servescope.metrics.definitions import MODES
from servescope.metrics.instruments import Counter, Gauge
from servescope.metrics.recording.families import AutoscalerFamilies


class AutoscalerRecorder:
    """What is decided about one model."""

    __slots__ = ("_decisions", "_families", "_model", "_signals", "_wanted")

    def __init__(self, families: AutoscalerFamilies, name: str, version: str) -> None:
        self._families = families
        self._model = (name, version)
        self._wanted: tuple[Gauge, Gauge] | None = None
        self._signals: dict[str, Gauge] = {}
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
        if self._wanted is None:
            families, model = self._families, self._model
            self._wanted = families.desired.labels(*model), families.age.labels(*model)
        wanted, age = self._wanted
        wanted.value, age.value = float(desired), age_s
        self._show(signals)
        counter = self._decisions.get((direction, reason))
        if counter is None:
            counter = self._families.decisions.labels(*self._model, direction, reason)
            self._decisions[direction, reason] = counter
        counter.value += 1.0

    def _show(self, signals: Mapping[str, int]) -> None:
        """These signals ask for so many workers, and no others."""
        shown, families, model = self._signals, self._families, self._model
        if shown.keys() != signals.keys():
            for signal in shown.keys() - signals.keys():
                del shown[signal]
                families.signal.remove(*model, signal)
            for signal in signals.keys() - shown.keys():
                shown[signal] = families.signal.labels(*model, signal)
        for signal, workers in signals.items():
            shown[signal].value = float(workers)

    def _drop_gauges(self) -> None:
        families, model = self._families, self._model
        for family in (families.desired, families.applied, families.age):
            family.remove(*model)
        self._wanted = None
        self._show({})

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
