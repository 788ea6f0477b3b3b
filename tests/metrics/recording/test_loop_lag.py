"""The lag of the event loop: what holds the loop up shows in it."""

import asyncio
import time

import pytest

from servescope.metrics.recording import loop_lag
from servescope.metrics.recording.loop_lag import INTERVAL_S, LoopLag


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


def test_timers_that_were_missed_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that stands still for five intervals makes five timers late, each an interval less than the one before."""
    monkeypatch.setattr(loop_lag, "INTERVAL_S", 0.02)

    async def block() -> list[float]:
        observed: asyncio.Queue[float] = asyncio.Queue()
        lag = LoopLag(observed.put_nowait)
        lag.start()
        time.sleep(0.11)  # noqa: ASYNC251  # it is meant to block
        first = await observed.get()
        lag.stop()
        return [first, *(observed.get_nowait() for _ in range(observed.qsize()))]

    observed = asyncio.run(block())
    assert len(observed) >= 5
    assert [int(late / 0.02) for late in observed] == list(range(len(observed)))[::-1]
