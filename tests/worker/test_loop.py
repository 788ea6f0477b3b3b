"""The loop of an asynchronous handler."""

import asyncio
import subprocess
import sys
from contextlib import closing

import uvloop

from servescope.worker.loop import Loop


async def running():
    return asyncio.get_running_loop()


def test_one_loop():
    """All that is run is run on one loop, uvloop's."""
    with closing(Loop()) as loop:
        first = loop.run(running())
        assert isinstance(first, uvloop.Loop)
        assert loop.run(running()) is first


def test_without_uvloop(monkeypatch):
    """An interpreter without it gets asyncio's own."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with closing(Loop()) as loop:
        assert not isinstance(loop.run(running()), uvloop.Loop)


def test_not_even_imported():
    """An ordinary handler's worker imports no loop: its start and its memory would be a sixth more."""
    code = "import sys, servescope.worker.__main__ as worker; worker.Loop().close(); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "servescope.worker.sessions.session" in done.stdout.split()
    assert not {"asyncio", "ssl", "uvloop"} & set(done.stdout.split())
