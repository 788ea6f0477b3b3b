"""The writes of a model whose workers keep running batches: how full they are, how long a step takes, how many a request has.

In: calls of `fleet.records` (what workers tell of their steps). Out: series in the registry, from `begin` on. Every model's
recorder has one; those of other models show nothing.
"""

from collections.abc import Callable

from servescope.metrics.recording.families import ContinuousFamilies
from servescope.wire.messages import Stepped


class ContinuousRecorder:
    """Of one model version."""

    def __init__(self, families: ContinuousFamilies, name: str, version: str) -> None:
        self._families = families
        self._model = (name, version)
        self._begun = False

    def begin(self, rows: Callable[[], float]) -> None:
        """The model's workers keep running batches: its series exist, at zero, from now on. `rows` is read at scrape time."""
        self._begun = True
        self._families.rows.read(rows, *self._model)
        for family in self._families.histograms:
            family.labels(*self._model)

    def stepped(self, step: Stepped) -> None:
        """A worker has had a step, or requests have left its batch between two."""
        families, model = self._families, self._model
        if step.rows:
            families.step_rows.labels(*model).observe(float(step.rows))
            families.step_seconds.labels(*model).observe(step.seconds)
        for steps in step.left:
            families.request_steps.labels(*model).observe(float(steps))

    def detach(self) -> None:
        """Drop the gauge: there is nothing left that it could be true of."""
        if self._begun:
            self._families.rows.remove(*self._model)

    def remove(self) -> None:
        """Drop all series."""
        if self._begun:
            self.detach()
            for family in self._families.histograms:
                family.remove(*self._model)
            self._begun = False
