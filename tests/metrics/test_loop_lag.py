"""The lag of the event loop: what holds the loop up shows in it."""

import asyncio
import time

from servescope.metrics.loop_lag import INTERVAL_S, LoopLag


def test_a_blocked_loop_is_late() -> None:
    """Its timer runs late by as much as the loop was blocked past its time."""

    async def block() -> float:
        observed: asyncio.Queue[float] = asyncio.Queue()
        lag = LoopLag(observed.put_nowait)
        lag.start()
        time.sleep(INTERVAL_S + 0.2)  # noqa: ASYNC251  # it is meant to block
        late = await observed.get()
        lag.stop()
        return late

    assert asyncio.run(block()) >= 0.19
