"""An event loop whose clock jumps: where a real loop would sleep until its next timer, this one is there at once.

So tests of schedules, delays and deadlines take no time, and read exact times from `loop.time()`.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

REAL_WAIT_S = 20.0  # for what comes from a thread or a socket, not from a timer


class _JumpingSelector(selectors.DefaultSelector):
    """Polls its files, and turns a wait for a timer into a step of `now`."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            ready = super().select(REAL_WAIT_S)
            if not ready:
                raise RuntimeError("the test waits for something that never happens")
            return ready
        ready = super().select(0)
        if not ready:
            self.now += max(timeout, 0.0)
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """The loop over that selector."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """Run a test's coroutine on a jumping loop."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)


async def settle() -> None:
    """Let everything happen that is due now, timers not yet due excepted."""
    for _ in range(20):
        await asyncio.sleep(0)


async def until(happened: Callable[[], object], step_s: float = 1.0) -> None:
    """Let time pass, in steps, until something has happened."""
    while not happened():  # noqa: ASYNC110  # the clock jumps, so nothing is waited for
        await asyncio.sleep(step_s)
