"""The workers of a model that can take a batch now, and which of them is next. Held by `serving.queue.dispatcher`."""

from servescope.fleet.choice import least_loaded
from servescope.fleet.worker.worker import Worker


def _has_room(worker: Worker) -> bool:
    return worker.has_room


def _in_hand(worker: Worker) -> int:
    return len(worker.in_flight)


class FreeWorkers:
    """Both `idle` and the busy ones are ordered: the worker that waits longest is first."""

    def __init__(self) -> None:
        self.idle: dict[Worker, None] = {}  # asynchronous workers are never anything else
        self._busy: dict[Worker, None] = {}  # at work, with room for a batch ahead

    def add(self, worker: Worker) -> None:
        """It can take a batch, as it says."""
        (self._busy if worker.in_flight and not worker.concurrent else self.idle)[worker] = None

    def given(self, worker: Worker) -> None:
        """It was given a batch; if it has room for more, it waits at the end of its line."""
        idle, busy = self.idle, self._busy
        idle.pop(worker, None)
        if busy:
            busy.pop(worker, None)
        if worker.has_room:
            (busy if worker.in_flight and not worker.concurrent else idle)[worker] = None

    def next(self, *, full: bool) -> Worker | None:
        """Of asynchronous workers the one with the fewest requests; else the idle one that waits longest, or, of those with
        room for a batch ahead, the one with the least in hand. None where nobody has room.

        Only `full` batches are sent ahead: a partial one may still fill up.
        """
        while self.idle:
            worker = next(iter(self.idle))
            if worker.has_room:
                return least_loaded(filter(_has_room, self.idle)) if worker.concurrent else worker
            del self.idle[worker]  # it died or was retired; it is added again when it is free
        while full and self._busy:
            busy = self._busy
            worker = min(busy, key=_in_hand) if len(busy) > 1 else next(iter(busy))
            if worker.has_room:
                return worker
            del busy[worker]
        return None
