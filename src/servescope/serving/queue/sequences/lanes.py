"""Which worker has which sequences. In: sequences that begin and end, workers that come and go. Held by `queue`."""

from servescope.fleet.pool import Pool
from servescope.fleet.worker.worker import Worker
from servescope.serving.queue.sequences.lane import Lane
from servescope.serving.queue.sequences.sequence import Sequence


class Lanes:
    """Of one pool. Sequences that begin while no worker is at work wait for the first that is."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lanes: dict[Worker, Lane] = {}
        self._of: dict[Sequence, Lane] = {}
        self._homeless: dict[Sequence, None] = {}

    def at(self, worker: Worker) -> Lane | None:
        """The worker's, None where it has been given no sequence yet."""
        return self._lanes.get(worker)

    def of(self, sequence: Sequence) -> Lane | None:
        """The sequence's, None while it has none."""
        return self._of.get(sequence)

    def assign(self, sequence: Sequence) -> None:
        """Give it to the worker with the fewest; of those that have equally few, to the one with the least in hand."""
        lanes = [lane for worker in self._pool if not (lane := self._lane(worker)).lost]
        if not lanes:
            self._homeless[sequence] = None
            return
        lane = min(lanes, key=lambda one: (len(one.sequences), len(one.worker.in_flight)))
        lane.sequences[sequence] = None
        self._of[sequence] = lane

    def _lane(self, worker: Worker) -> Lane:
        lane = self._lanes.get(worker)
        if lane is None or (lane.lost and not lane.sequences):  # of a process that has gone, and took nothing with it
            lane = self._lanes[worker] = Lane(worker)
        return lane

    def welcome(self, worker: Worker) -> list[Sequence]:
        """It is at work: those that had none have one now."""
        self._lane(worker)
        waiting, self._homeless = list(self._homeless), {}
        for sequence in waiting:
            self.assign(sequence)
        return waiting

    def first_free(self) -> Lane | None:
        """One whose worker can be given something now."""
        return next((lane for lane in self._lanes.values() if not lane.lost and lane.free), None)

    def lost(self) -> list[Lane]:
        """Those whose processes are gone, or go."""
        return [lane for lane in self._lanes.values() if lane.lost]

    def close(self, lane: Lane) -> list[Sequence]:
        """Its process is gone, or goes; what it has had."""
        del self._lanes[lane.worker]
        lane.filled()
        for sequence in lane.sequences:
            del self._of[sequence]
        return list(lane.sequences)

    def leave(self, sequence: Sequence) -> None:
        """It is over."""
        self._homeless.pop(sequence, None)
        if (lane := self._of.pop(sequence, None)) is not None:
            lane.leave(sequence)
            del lane.sequences[sequence]
