"""Work that nobody waits for, done when the loop would wait for a worker: what it records, and lines that it writes.

In: steps, of `recording.requests` and of the access log. Out: one of them a turn of the loop, when `serving.queue.job_queue` has
sent a worker its batch. A client that asks again as soon as it is answered would wait for what was done right after its answer.
"""

from collections.abc import Callable

# Is told whether no other request is in hand but the one that its worker has: then steps had better be short than few.
Step = Callable[[bool], None]


class SpareTime:
    """`due`: there is a step to take. Whoever sees to it that `use` is called takes this back."""

    __slots__ = ("_steps", "due")

    def __init__(self) -> None:
        self._steps: dict[Step, None] = {}
        self.due = False

    def later(self, step: Step) -> None:
        """Take this step when its turn comes; once, however often this is said before."""
        self._steps[step] = None
        self.due = True

    def use(self, alone: bool) -> None:
        """Take the step that waits longest, if there is one."""
        if self._steps:
            step = next(iter(self._steps))
            del self._steps[step]
            self.due = bool(self._steps)
            step(alone)
