"""How many batches a worker may be given at once. Pure; `fleet.worker.worker` asks after every answer.

An ordinary handler works on one batch at a time, and the front end and the worker would take turns waiting for each other: with
a handler of a few microseconds that costs a third of the throughput. So a worker whose handler has been fast for a while gets
batches ahead, into its socket, but never more than `AHEAD_S` of work; those of one that is ever slow stay in the queue, where any
other worker can take them.
"""

AHEAD_S = 0.002
MOST = 64
_FASTEST_S = AHEAD_S / MOST
# One slow answer among the last few hundred keeps a worker from being given work ahead.
_DECAY = 0.98


class Pace:
    """What is known of a worker's speed. `most`: how many batches it may have in hand; `fixed`, that many, for an asynchronous
    handler, whose speed says nothing of it.
    """

    __slots__ = ("_fixed", "_slowest_s", "most")

    def __init__(self, fixed: int | None = None) -> None:
        self._slowest_s = 1.0
        self._fixed = fixed is not None
        self.most = fixed or 1

    def answered(self, handler_s: float) -> None:
        """A batch took its handler so many seconds."""
        slowest = self._slowest_s * _DECAY
        self._slowest_s = slowest = handler_s if handler_s > slowest else slowest
        if not self._fixed:
            self.most = (int(AHEAD_S / slowest) or 1) if slowest > _FASTEST_S else MOST
