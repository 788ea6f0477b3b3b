"""The writes of one model version about how its requests are put together. Held by its `ModelRecorder`; made by that."""

from servescope.metrics.recording.batching.continuous import ContinuousRecorder
from servescope.metrics.recording.batching.sequences import SequenceRecorder
from servescope.metrics.recording.families import ModelFamilies


class BatchingRecorder:
    """`sequences` and `continuous`: see there. Those of other models show nothing."""

    def __init__(self, families: ModelFamilies, name: str, version: str) -> None:
        self.sequences = SequenceRecorder(families.sequences, name, version)
        self.continuous = ContinuousRecorder(families.continuous, name, version)

    def detach(self) -> None:
        """Drop the gauges: there is nothing left that they could be true of."""
        self.sequences.detach()
        self.continuous.detach()

    def remove(self) -> None:
        """Drop all series."""
        self.sequences.remove()
        self.continuous.remove()
