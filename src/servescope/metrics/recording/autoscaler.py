"""The writes of the autoscaler for one model version: what it wants, what is done, and why.

In: calls of `scaling` on the loop's thread. Out: series in the registry, from `mode` on: a model that nobody autoscales has none.
Every model's recorder has one.
"""

from collections.abc import Callable, Mapping

from servescope.metrics.definitions import MODES
from servescope.metrics.instruments import Counter, Gauge
from servescope.metrics.recording.families import AutoscalerFamilies

# The bound whose series is there from the first decision on, as nearly every model meets it; those of others from when they hold.
CEILING = "max"
_STEP = "step"  # lasts a second: whatever is wanted beyond it is there a moment later


class AutoscalerRecorder:
    """What is decided about one model."""

    __slots__ = ("_bound", "_decisions", "_desired", "_families", "_model", "_signals", "_withheld")

    def __init__(self, families: AutoscalerFamilies, name: str, version: str) -> None:
        self._families = families
        self._model = (name, version)
        self._desired: Gauge | None = None
        self._bound: str | None = None  # the one that withholds workers now
        self._withheld: dict[str, Gauge] = {}
        self._signals: dict[str, Gauge] = {}
        self._decisions: dict[tuple[str, str], Counter] = {}

    def mode(self, mode: str) -> None:
        """The mode that is in force from now on. With `off` the gauges go."""
        for one in MODES:
            self._families.mode.labels(*self._model, one).value = float(one == mode)
        if mode == "off":
            self._drop_gauges()

    def watch(self, applied: Callable[[], float], age: Callable[[], float]) -> None:
        """Let these say at scrape time how many workers there shall be, and for how many seconds numbers have been missing."""
        self._families.applied.read(applied, *self._model)
        self._families.age.read(age, *self._model)

    def decided(
        self, desired: int, signals: Mapping[str, int], direction: str, reason: str, bound: str | None, withheld: int
    ) -> None:
        """A decision: how many workers are wanted in all and by which signal, where that leads and why, and how many of them a
        bound keeps from being there.
        """
        if self._desired is None:
            self._desired = self._families.desired.labels(*self._model)
            self._withholding(CEILING)
        self._desired.value = float(desired)
        self._show(signals)
        self._withhold(bound if withheld and bound != _STEP else None, withheld)
        counter = self._decisions.get((direction, reason))
        if counter is None:
            counter = self._families.decisions.labels(*self._model, direction, reason)
            self._decisions[direction, reason] = counter
        counter.value += 1.0

    def _withhold(self, bound: str | None, workers: int) -> None:
        """Show that a bound keeps so many from being there, and no other any."""
        before, self._bound = self._bound, bound
        if before not in (None, bound):
            self._withheld[before].value = 0.0
        if bound is not None:
            self._withholding(bound).value = float(workers)

    def _withholding(self, bound: str) -> Gauge:
        found = self._withheld.get(bound)
        if found is None:
            found = self._withheld[bound] = self._families.withheld.labels(*self._model, bound)
        return found

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
        for bound in self._withheld:
            families.withheld.remove(*model, bound)
        self._desired, self._bound, self._withheld = None, None, {}
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
