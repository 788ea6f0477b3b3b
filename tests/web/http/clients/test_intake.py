"""Connections are taken while their taker has room for them, and after a moment again."""

import asyncio
import logging
import socket

import pytest
import uvloop

from metrics.series import series
from servescope.metrics.recording.ports.connections import PortConnections
from servescope.metrics.registry import Registry
from servescope.web.http.clients.descriptors import Descriptors
from servescope.web.http.clients.intake import Intake
from servescope.web.http.clients.room import Room


class Taker:
    """Takes so many in a turn, and is ready again at the `later`-th time that it is asked."""

    def __init__(self, at_once, later=1):
        self.at_once = at_once
        self.later = later
        self.taken = []
        self.asked = 0
        self.registry = Registry()
        self.intake = Intake(self, Room(Descriptors()), PortConnections(self.registry, "inference"))

    def take(self, accepted):
        accepted.close()
        self.taken.append(self.asked)
        if len(self.taken) % self.at_once:
            return True
        self.intake.pause("error")
        return False

    def ready(self):
        self.asked += 1
        return self.asked % self.later == 0

    def failures(self):
        return series(self.registry, "servescope_accept_failures_total")["inference", "error"]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request):
    """On both loops; the end must come."""
    return lambda main: request.param(asyncio.wait_for(main, 20))


def listening():
    bound = socket.create_server(("127.0.0.1", 0), backlog=100)
    bound.setblocking(False)
    return bound


async def connected(bound, count):
    loop = asyncio.get_running_loop()
    clients = [socket.socket() for _ in range(count)]
    for client in clients:
        client.setblocking(False)
        await loop.sock_connect(client, bound.getsockname())
    return clients


def test_in_bursts(run):
    """One that has enough is asked later whether it has room again, and again where it has not; each pause is counted."""

    async def main():
        taker, bound = Taker(3, later=2), listening()
        clients = await connected(bound, 8)
        taker.intake.open(bound)
        while len(taker.taken) < 8:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0)
        assert taker.taken == [0, 0, 0, 2, 2, 2, 4, 4]
        assert taker.failures() == 2
        taker.intake.close()
        for client in clients:
            client.close()

    run(main())


def test_closed_in_a_pause(run):
    """It is asked no more, and the socket is closed; once more is nothing."""

    async def main():
        taker, bound = Taker(1), listening()
        clients = await connected(bound, 2)
        taker.intake.open(bound)
        while not taker.taken:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0)
        taker.intake.close()
        taker.intake.close()
        assert bound.fileno() == -1
        assert taker.intake._pause.cancelled()
        assert (taker.taken, taker.asked) == ([0], 0)
        for client in clients:
            client.close()

    run(main())


def test_one_that_never_began():
    """Can be closed."""
    Taker(1).intake.close()


def test_a_lack_is_told_as_such(caplog):
    """Where nobody goes for who comes, as what it is: the advice on ulimit -n, and not an error of the port's."""

    async def main():
        taker = Taker(1)
        taker.intake.open(listening())
        taker.intake.make_room()
        assert series(taker.registry, "servescope_accept_failures_total")["inference", "process_limit"] == 1
        taker.intake.close()

    asyncio.run(main())
    assert [(record.levelno, "ulimit -n" in record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, True)
    ]
