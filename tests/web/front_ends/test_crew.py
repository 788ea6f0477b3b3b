"""All front ends together, which are real processes."""

import asyncio
import os
import resource
import signal

import pytest

from metrics.series import series
from servescope.config.address import Address
from servescope.errors import ConfigurationError
from servescope.fleet.offspring.family import Offspring
from servescope.metrics.recording.ports.connections import PortConnections
from servescope.metrics.recording.ports.front_ends import FrontEndRecorder
from servescope.metrics.registry import Registry
from servescope.web.front_ends.crew import Crew
from servescope.web.front_ends.messages import Terms
from servescope.web.http.clients.descriptors import Descriptors
from servescope.web.http.clients.room import Room
from servescope.web.http.listening.listener import bind

pytestmark = pytest.mark.integration


class App:
    """Is asked nothing."""

    body_limit = 1


class World:
    """So many front ends on a Unix socket, and what is counted."""

    def __init__(self, directory, count):
        self.path = str(directory / "crew.sock")
        self.registry = Registry()
        self._offspring = Offspring(directory)
        ports, recorder = PortConnections(self.registry, "inference"), FrontEndRecorder(self.registry)
        self.crew = Crew(
            count, lambda: Terms(1, 60.0, 60.0), App(), ports, recorder, self._offspring, Room(Descriptors())
        )

    async def __aenter__(self):
        self._offspring.start()
        return self

    async def __aexit__(self, *_):
        self.crew.dealer.close()
        await self.crew.close()
        await self._offspring.close()

    async def serve(self):
        await self.crew.start()
        bound = bind("inference_address", Address("unix", "", 0, self.path))
        self.crew.dealer.start(bound)

    def connected(self):
        return sum(series(self.registry, "servescope_connections").values())


def run(main):
    asyncio.run(asyncio.wait_for(main(), 60))


def test_connections_of_those_that_are_gone(tmp_path):
    """Are shown no more, also while there is no other that could say so."""

    async def main():
        async with World(tmp_path, 1) as world:
            await world.serve()
            (front_end,) = world.crew.front_ends
            _, writer = await asyncio.open_unix_connection(world.path)
            while not world.connected():
                await world.crew.look()
            os.kill(front_end.pid, signal.SIGKILL)
            while front_end.serving:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0)
            assert world.connected() == 0
            writer.close()

    run(main)


def test_no_descriptors(tmp_path):
    """For so many: the start fails, and says what the limit is."""

    async def main():
        async with World(tmp_path, 64) as world:
            with pytest.raises(ConfigurationError, match=r"front_ends=64: one cannot be started: Too many .* may have"):
                await world.crew.start()

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 50, hard))
    try:
        run(main)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
