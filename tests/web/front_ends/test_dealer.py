"""Connections that the owner accepts go to the front ends in turn, by their descriptors, and none is lost on the way."""

import asyncio
import os
import resource
import socket

from metrics.series import series
from servescope.metrics.recording.ports.connections import PortConnections
from servescope.metrics.registry import Registry
from servescope.web.front_ends.dealer import Dealer
from servescope.web.http.clients.descriptors import Descriptors
from servescope.web.http.clients.room import Room
from web.front_ends.joined import Place
from web.port import run


class Table:
    """A listening socket, and places that its connections are dealt to."""

    def __init__(self, count):
        self.places = [Place() for _ in range(count)]
        for number, place in enumerate(self.places, 1):
            place.number = number
            place.taken.setblocking(False)
        self.registry = Registry()
        self.dealer = Dealer(self.places, PortConnections(self.registry, "inference"), Room(Descriptors()))
        self.bound = socket.socket()
        self.bound.bind(("127.0.0.1", 0))
        self.bound.listen(1000)
        self.bound.setblocking(False)
        self.clients = []

    def __enter__(self):
        self.dealer.start(self.bound)
        return self

    def __exit__(self, *_):
        self.dealer.close()
        for client in self.clients:
            client.close()
        for place in self.places:
            place.dealt.close()
            place.taken.close()

    async def connect(self, count):
        for _ in range(count):
            client = socket.socket()
            client.setblocking(False)
            await asyncio.get_running_loop().sock_connect(client, self.bound.getsockname())
            self.clients.append(client)

    async def taken(self, place, count):
        """The ports of so many clients that came to this place."""
        found = []
        while len(found) < count:
            try:
                taken, _ = self.places[place].taken.accept()
            except BlockingIOError:
                await asyncio.sleep(0)
                continue
            found.append(taken.getpeername()[1])
            taken.close()
        return found

    def ports(self, *places):
        return [self.clients[place].getsockname()[1] for place in places]


def test_in_turn():
    """Whoever comes third is the first's again."""

    async def main():
        with Table(2) as table:
            await table.connect(5)
            assert await table.taken(0, 3) == table.ports(0, 2, 4)
            assert await table.taken(1, 2) == table.ports(1, 3)

    run(main())


def test_one_that_is_not_prompt():
    """Gets none while another does."""

    async def main():
        with Table(2) as table:
            table.places[0].prompt = False
            await table.connect(3)
            assert await table.taken(1, 3) == table.ports(0, 1, 2)

    run(main())


def test_where_none_is():
    """They wait for those that will."""

    async def main():
        with Table(2) as table:
            for place in table.places:
                place.prompt = False
            await table.connect(2)
            assert await table.taken(0, 1) + await table.taken(1, 1) == table.ports(0, 1)

    run(main())


def test_more_than_anybody_takes():
    """Wait with the system, which is counted, and come in their order when there is room."""

    async def main():
        with Table(1) as table:
            table.places[0].dealt.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            await table.connect(100)
            failures = ("inference", "error")
            while not series(table.registry, "servescope_accept_failures_total")[failures]:  # noqa: ASYNC110
                await asyncio.sleep(0)
            assert await table.taken(0, 100) == table.ports(*range(100))

    run(main())


def test_no_descriptor():
    """They wait with the system, which is counted as what it is."""

    async def main():
        with Table(1) as table:
            await table.connect(1)
            (first,) = await table.taken(0, 1)
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            late = socket.socket()
            late.setblocking(False)
            table.clients.append(late)
            lowest = os.dup(0)
            os.close(lowest)
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
            try:
                await asyncio.get_running_loop().sock_connect(late, table.bound.getsockname())
                failures = ("inference", "process_limit")
                while not series(table.registry, "servescope_accept_failures_total")[failures]:  # noqa: ASYNC110
                    await asyncio.sleep(0)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert [first, *await table.taken(0, 1)] == table.ports(0, 1)

    run(main())
