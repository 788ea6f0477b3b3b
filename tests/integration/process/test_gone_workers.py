"""A worker's process that has ended leaves nothing in the front end that waits for the garbage collector."""

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


async def lives(directory, *, killed):
    """Launch a process, wait until it has loaded, and end it; what watches over it."""
    events = Events()
    (directory / "service.py").write_text(HANDLER)
    load = structs.replace(plan_of().load, model_dir=str(directory), handler="service.py")
    environment = worker_environment(os.environ, None, str(directory), "service.py", venv=False)
    link = await ProcessBackend(Offspring(directory)).launch(
        LaunchPlan(load, sys.executable, environment, 1 << 20, 1 << 20), directory, events
    )
    link.send(load)
    await events.loaded.wait()
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
