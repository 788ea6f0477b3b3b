"""The loop of an asynchronous handler."""

import asyncio
import sys
from contextlib import closing

import pytest
import uvloop

from servescope.worker.loop import make_runner


async def running():
    return asyncio.get_running_loop()


def test_one_loop():
    """All that is run is run on one loop, uvloop's."""
    with closing(make_runner()) as runner:
        loop = runner.run(running())
        assert isinstance(loop, uvloop.Loop)
        assert runner.run(running()) is loop


def test_without_uvloop(monkeypatch):
    """An interpreter without it gets asyncio's own."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with closing(make_runner()) as runner:
        assert not isinstance(runner.run(running()), uvloop.Loop)


def test_no_loop_where_nothing_is_run(monkeypatch):
    """An ordinary handler's worker has none: it is not even made."""
    monkeypatch.setattr("asyncio.Runner.run", lambda *_: pytest.fail("nothing is run"))
    monkeypatch.setattr("servescope.worker.loop._new_loop", lambda: pytest.fail("a loop is made"))
    with closing(make_runner()):
        pass
