"""The writes of a model that keeps sequences: how many are open, how they begin and end, how long they are idle.

In: calls of `serving.queue.sequences`. Out: series in the registry, from `begin` on. Every model's recorder has one; those of other
models show nothing.
"""

from collections.abc import Callable

from servescope.metrics.definitions import SEQUENCE_BEGINNINGS, SEQUENCE_ENDS
from servescope.metrics.recording.families import SequenceFamilies


class SequenceRecorder:
    """Of one model version."""

    def __init__(self, families: SequenceFamilies, name: str, version: str) -> None:
        self._families = families
        self._model = (name, version)
        self._begun = False

    def begin(self, count: Callable[[], float], longest_idle_s: Callable[[], float]) -> None:
        """The model keeps sequences: its series exist, at zero, from now on. The gauges are read at scrape time."""
        families, model = self._families, self._model
        self._begun = True
        families.open.read(count, *model)
        families.longest_idle.read(longest_idle_s, *model)
        families.idle.labels(*model)
        for how in SEQUENCE_BEGINNINGS:
            families.begun.labels(*model, how)
        for reason in SEQUENCE_ENDS:
            families.ended.labels(*model, reason)

    def begun(self, how: str) -> None:
        """One began, in one of SEQUENCE_BEGINNINGS."""
        self._families.begun.labels(*self._model, how).value += 1.0

    def ended(self, reason: str) -> None:
        """One has ended, for one of SEQUENCE_ENDS."""
        self._families.ended.labels(*self._model, reason).value += 1.0

    def idle(self, seconds: float) -> None:
        """A request came for one that had been idle for so long."""
        self._families.idle.labels(*self._model).observe(seconds)

    def detach(self) -> None:
        """Drop the gauges: there is nothing left that they could be true of."""
        if self._begun:
            self._families.open.remove(*self._model)
            self._families.longest_idle.remove(*self._model)

    def remove(self) -> None:
        """Drop all series."""
        if not self._begun:
            return
        self.detach()
        families, model = self._families, self._model
        families.idle.remove(*model)
        for how in SEQUENCE_BEGINNINGS:
            families.begun.remove(*model, how)
        for reason in SEQUENCE_ENDS:
            families.ended.remove(*model, reason)
        self._begun = False
