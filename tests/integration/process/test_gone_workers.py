"""A worker's process that has ended: nothing in the front end waits for the garbage collector, and nobody is bothered with it."""

import asyncio
import gc
import os
import sys
import weakref

import pytest
import uvloop
from msgspec import structs

from fleet.scripted import plan_of
from servescope.fleet.backends.process import ProcessBackend
from servescope.fleet.launch import LaunchPlan, worker_environment
from servescope.fleet.offspring.family import Offspring
from servescope.wire.messages import Loaded, Stop

pytestmark = pytest.mark.integration

HANDLER = "import prometheus_client\n\ndef handle(data, context):\n    return None if data is None else ['x']\n"


class Events:
    """The owner of a worker: knows when it has loaded, offers its metrics, and has ended."""

    def __init__(self):
        self.loaded = asyncio.Event()
        self.over = asyncio.Event()

    def message_received(self, message, attachments):
        if isinstance(message, Loaded):
            self.loaded.set()

    def metrics_offered(self, source):
        pass

    def line_received(self, stream, line):
        print(stream, line)

    def ending(self):
        pass

    def ended(self, status, why=None, reason=None):
        self.over.set()


async def launched(directory, events):
    """A process that has loaded."""
    (directory / "service.py").write_text(HANDLER)
    load = structs.replace(plan_of().load, model_dir=str(directory), handler="service.py")
    environment = worker_environment(os.environ, None, str(directory), "service.py", venv=False)
    link = await ProcessBackend(Offspring(directory)).launch(
        LaunchPlan(load, sys.executable, environment, 1 << 20, 1 << 20), directory, events
    )
    link.send(load)
    await events.loaded.wait()
    return link


async def lives(directory, *, killed):
    """Launch a process, wait until it has loaded, and end it; what watches over it."""
    events = Events()
    link = await launched(directory, events)
    if killed:
        link.kill()
    else:
        link.send(Stop())
    await events.over.wait()
    return weakref.ref(link), weakref.ref(link.probe), weakref.ref(events)


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_nothing_of_it_waits_for_the_collector(tmp_path, killed):
    """Its link, its probe, and whoever owned it."""

    async def main():
        gc.collect()
        gc.disable()
        try:
            parts = await asyncio.wait_for(lives(tmp_path, killed=killed), 60)
            for _ in range(300):  # the loop's own callbacks, which hold them till they have run
                if not any(part() for part in parts):
                    break
                await asyncio.sleep(0.01)
            assert [part() for part in parts] == [None, None, None]
        finally:
            gc.enable()

    uvloop.run(main())


def reaped(pid):
    """Whether it has ended, and its parent knows."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_kill_between_its_end_and_the_word_of_it(tmp_path):
    """The loop reaps a child in one turn, and tells of it in the next: whoever kills it first finds nobody, and hears no error."""

    async def main():
        events = Events()
        link = await launched(tmp_path, events)
        link.send(Stop())
        while not reaped(link.pid):  # noqa: ASYNC110  # each turn once, before what the loop has to tell in it
            await asyncio.sleep(0)
        assert not events.over.is_set()
        link.kill()
        await asyncio.wait_for(events.over.wait(), 60)

    uvloop.run(main())
