"""A port takes its clients as long as there are descriptors for them, and lets them wait where there are none."""

import asyncio
import resource
import socket
from contextlib import ExitStack

import pytest
import uvloop

from metrics.series import series
from servescope.config.address import Address
from servescope.metrics.registry import Registry
from servescope.web.http.clients.descriptors import Descriptors
from servescope.web.http.clients.intake import AGAIN_S
from servescope.web.http.clients.patience import Patience
from servescope.web.http.clients.room import Room
from servescope.web.http.clients.rounds import Rounds
from servescope.web.http.listening.listener import Listener
from web.acceptors import acceptor

PING = b"GET /now HTTP/1.1\r\nhost: h\r\n\r\n"
LATER = b"GET /later HTTP/1.1\r\nhost: h\r\n\r\n"
HALF = b"GET /n"


class App:
    """Answers `/now`, and all others when they are let go."""

    body_limit = 100

    def __init__(self):
        self.held = []
        self.held_back = True

    def begin(self, request, connection):
        self.held.append(connection)
        if request.path == "/now" or not self.held_back:
            self.let_go()

    def let_go(self):
        for connection in self.held:
            connection.send([b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n"], b"", close=False)
        self.held = []

    def refuse(self, request, connection):
        connection.refuse(None)

    def left(self, request):
        pass


class Port:
    """A port in this process, as if it might open no more than `more` files than it has open now."""

    def __init__(self, directory, more, patience=None):
        self.app = App()
        self.registry = Registry()
        self.limit = 10**6
        self._more = more
        self.room = Room(Descriptors(lambda: self.limit))
        self.acceptor = acceptor(self.app, room=self.room, patience=patience, registry=self.registry)
        self.path = str(directory / "s")
        self._listener = Listener("inference_address", Address("unix", "", 0, self.path), self.acceptor)
        self._rounds = Rounds(self.room)

    async def __aenter__(self):
        await self._listener.start()
        self._rounds.start()
        next_number = self.room.descriptors.next_number()
        self.limit = next_number + self._more
        self.room.descriptors.look()
        return self

    async def __aexit__(self, *_):
        self._rounds.stop()
        await self._listener.close()

    async def ask(self, sent):
        reader, writer = await asyncio.open_unix_connection(self.path)
        writer.write(sent)
        return reader, writer

    async def answer(self, sent):
        """The status line's beginning."""
        reader, writer = await self.ask(sent)
        try:
            return await reader.readexactly(12)
        finally:
            writer.close()

    async def failing(self):
        """Wait until it has let clients wait."""
        while not self.failures():  # noqa: ASYNC110  # a counter tells nobody
            await asyncio.sleep(0.001)

    def failures(self):
        return series(self.registry, "servescope_accept_failures_total")["inference", "process_limit"]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request):
    """On both loops; the end must come."""
    return lambda main: request.param(asyncio.wait_for(main, 20))


def test_many_at_once(tmp_path, run):
    """More than are taken in one turn of the loop."""

    async def main():
        async with Port(tmp_path, 10_000) as port:
            answers = await asyncio.gather(*(port.answer(PING) for _ in range(200)))
            assert answers == [b"HTTP/1.1 200"] * 200
            assert port.failures() == 0

    run(main())


def test_halves_make_room(tmp_path, run):
    """With room for none, whoever comes is answered: the oldest half request goes for it."""

    async def main():
        async with Port(tmp_path, 0) as port:
            halves = [await port.ask(HALF) for _ in range(12)]
            for _ in range(3):
                assert await port.answer(PING) == b"HTTP/1.1 200"
            assert (await halves[0][0].read()).startswith(b"HTTP/1.1 408 ")
            for _, writer in halves:
                writer.close()

    run(main())


def test_nobody_goes_for_others(tmp_path, run):
    """Where all are being answered, those who come wait, as nobody's answer may be lost; then they have theirs."""

    async def main():
        async with Port(tmp_path, 0) as port:
            asked = [await port.ask(LATER) for _ in range(12)]
            await port.failing()
            assert 0 < len(port.app.held) < 12
            port.app.held_back = False
            for reader, writer in asked:
                port.app.let_go()
                assert await reader.readexactly(12) == b"HTTP/1.1 200"
                writer.close()

    run(main())


def test_none_at_all(tmp_path, run):
    """The system itself refuses: clients wait, and are served once it does not."""

    async def main():
        async with Port(tmp_path, 10_000) as port:
            with ExitStack() as stack:
                client = stack.enter_context(socket.socket(socket.AF_UNIX))
                client.setblocking(False)
                soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
                resource.setrlimit(resource.RLIMIT_NOFILE, (client.fileno() + 1, hard))
                try:
                    client.connect(port.path)
                    client.send(PING)
                    await port.failing()
                finally:
                    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                loop = asyncio.get_running_loop()
                assert (await loop.sock_recv(client, 12)) == b"HTTP/1.1 200"

    run(main())


def test_the_rounds(tmp_path, run):
    """Give up who has had his time."""

    async def main():
        async with Port(tmp_path, 10_000, Patience(0.01, 0.01)) as port:
            reader, writer = await port.ask(HALF)
            assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
            writer.close()
            assert series(port.registry, "servescope_connections_closed_total")["inference", "header_timeout"] == 1

    run(main())


def test_a_socket_that_cannot_accept_leaves_the_loop_to_others(tmp_path, caplog):
    """It is asked again after a pause, counted each time, and said once."""

    async def main():
        registry = Registry()
        accepts = acceptor(App(), room=Room(Descriptors(lambda: 10**6)), registry=registry)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:  # it does not listen, so accept fails at once
            deaf.bind(str(tmp_path / "s"))
            deaf.setblocking(False)
            began = asyncio.get_running_loop().time()
            accepts.start(deaf)
            failed = ("inference", "error")
            while series(registry, "servescope_accept_failures_total")[failed] < 3:  # noqa: ASYNC110  # no event tells
                await asyncio.sleep(0)
            assert asyncio.get_running_loop().time() - began >= 2 * AGAIN_S
            accepts.close()

    asyncio.run(asyncio.wait_for(main(), 20))
    assert [record.levelname for record in caplog.records] == ["ERROR"]
