"""The loop of an asynchronous handler."""

import asyncio
import sys

import uvloop

from servescope.worker.loop import make_runner


async def running():
    return asyncio.get_running_loop()


def test_one_loop():
    """All that is run is run on one loop, uvloop's."""
    with make_runner() as runner:
        loop = runner.run(running())
        assert isinstance(loop, uvloop.Loop)
        assert runner.run(running()) is loop


def test_without_uvloop(monkeypatch):
    """An interpreter without it gets asyncio's own."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with make_runner() as runner:
        assert not isinstance(runner.run(running()), uvloop.Loop)
