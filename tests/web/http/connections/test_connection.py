"""A connection between a client and an app, on the loop that the server runs on: the order of answers, and what ends it."""

import asyncio
import gc
import re
import socket

import pytest
import uvloop

from servescope.config.address import Address
from servescope.web.http.clients.phase import Phase
from servescope.web.http.connections.connection import Connection
from servescope.web.http.connections.reader import RequestReader
from servescope.web.http.listening.listener import Listener
from web.acceptors import acceptor, clients

LIMIT = 100


class App:
    """Answers with the request's path: at once, or those of `/later…` when they are let go; `/bad` closes the connection."""

    body_limit = LIMIT

    def __init__(self):
        self.begun = []
        self.counted = []
        self.lost = 0
        self.came = asyncio.Event()
        self.go = asyncio.Event()
        self._tasks = []

    def begin(self, request, connection):
        self.begun.append(request.path)
        connection.on_lost = self.leave
        self.came.set()
        if request.path.startswith("/later"):
            self._tasks.append(asyncio.create_task(self._later(request, connection)))
        else:
            self.answer(request, connection)

    async def _later(self, request, connection):
        await self.go.wait()
        self.answer(request, connection)

    def answer(self, request, connection):
        body = request.path.encode() * (100_000 if request.path == "/large" else 1)
        head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n" % len(body)
        connection.send([head], body, close=request.path == "/bad" or not request.keep_alive)

    def leave(self):
        self.lost += 1

    def refuse(self, request, connection):
        self.counted.append((request.path if request.method else None, request.status))
        connection.refuse(None)

    def left(self, request):
        self.counted.append((request.path, 499))


class Client:
    """A server with this app, and a client's connection to it."""

    def __init__(self, directory, app):
        self._path = str(directory / "s.sock")
        accepts = acceptor(app)
        self.clients = accepts.clients
        self._listener = Listener("inference_address", Address("unix", "", 0, self._path), accepts)

    async def __aenter__(self):
        await self._listener.start()
        self.reader, self.writer = await asyncio.open_unix_connection(self._path)
        return self

    async def __aexit__(self, *_):
        self.writer.close()
        await self._listener.close()

    async def statuses_and_paths(self):
        """Of all answers, to the end of the connection."""
        return re.findall(rb"HTTP/1.1 (\d+) [^\0]*?\r\n\r\n(/[a-z0-9]+)?", await self.reader.read())


def get(*paths):
    return b"".join(b"GET %b HTTP/1.1\r\n\r\n" % path for path in paths)


def run(main):
    uvloop.run(asyncio.wait_for(main, 20))


LAST = b"GET /last HTTP/1.1\r\nconnection: close\r\n\r\n"


def test_what_follows_an_answer_that_closes(tmp_path):
    """Is not done, though it came in the same packet: the client was told that the connection ends here. It is counted."""

    async def main():
        app = App()
        async with Client(tmp_path, app) as client:
            client.writer.write(get(b"/1", b"/bad", b"/2", b"/3"))
            assert await client.statuses_and_paths() == [(b"200", b"/1"), (b"200", b"/bad")]
            assert app.begun == ["/1", "/bad"]
            assert app.counted == [("/2", 499), ("/3", 499)]

    run(main())


def test_nonsense_behind_requests(tmp_path):
    """Each request has its own answer before the refusal: nobody takes that for another's."""

    async def main():
        app = App()
        async with Client(tmp_path, app) as client:
            client.writer.write(get(b"/later", b"/2", b"/3") + b"GARBAGE\r\n\r\n" + get(b"/4"))
            await app.came.wait()
            app.go.set()
            assert await client.statuses_and_paths() == [
                (b"200", b"/later"),
                (b"200", b"/2"),
                (b"200", b"/3"),
                (b"400", b""),
            ]
            assert app.counted == [(None, 400)]

    run(main())


def test_too_much_in_between(tmp_path):
    """A body over the limit is refused in its turn, and the connection goes on."""

    async def main():
        app = App()
        async with Client(tmp_path, app) as client:
            large = b"POST /p HTTP/1.1\r\ncontent-length: 101\r\n\r\n" + b"x" * 101
            client.writer.write(get(b"/later") + large + LAST)
            await app.came.wait()
            app.go.set()
            assert await client.statuses_and_paths() == [(b"200", b"/later"), (b"413", b""), (b"200", b"/last")]
            assert app.counted == [("/p", 413)]

    run(main())


def test_100_continue_in_its_turn(tmp_path):
    """Not before the answers to the requests before: their clients would take it for theirs."""

    async def main():
        app = App()
        async with Client(tmp_path, app) as client:
            client.writer.write(
                get(b"/later", b"/2") + b"POST /p HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
            )
            await app.came.wait()
            app.go.set()
            said = await client.reader.readuntil(b"100 Continue\r\n\r\n")
            assert re.findall(rb"/later|/2|100", said) == [b"/later", b"/2", b"100"]
            client.writer.write(b"hi" + LAST)
            assert await client.statuses_and_paths() == [(b"200", b"/p"), (b"200", b"/last")]

    run(main())


def test_100_continue_for_too_much_is_the_last_answer(tmp_path):
    """A body that follows it all the same is not done as a request."""

    async def main():
        app = App()
        async with Client(tmp_path, app) as client:
            client.writer.write(b"POST /p HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 101\r\n\r\n")
            answer = await client.reader.read()
            assert answer.startswith(b"HTTP/1.1 413 ")
            assert b"connection: close\r\n" in answer
            client.writer.write(get(b"/smuggled"))
            assert (app.begun, app.counted) == ([], [("/p", 413)])

    run(main())


def test_a_flood_leaves_the_loop_to_others(tmp_path):
    """Of a thousand requests in one packet the first is done in this turn of the loop, the others one by one after it."""

    async def main():
        app = App()
        async with Client(tmp_path, app) as client:
            client.writer.write(get(*[b"/1"] * 1000) + LAST)
            await app.came.wait()
            assert len(app.begun) < 10
            assert len(await client.statuses_and_paths()) == 1001

    run(main())


@pytest.mark.parametrize("path", [b"/1", b"/large"])
def test_a_client_that_ends_its_side_after_its_answer_was_given(tmp_path, path):
    """Gets all of it, however long that takes it."""

    async def main():
        app = App()
        async with Client(tmp_path, app) as client:
            client.writer.write(get(path))
            await app.came.wait()
            client.writer.write_eof()
            body = (await client.reader.read()).partition(b"\r\n\r\n")[2]
            assert body == path * (100_000 if path == b"/large" else 1)

    run(main())


def test_a_client_that_ends_its_side_before_its_answer(tmp_path):
    """Has left: its request is given up, and what it pipelined is counted."""

    async def main():
        app = App()
        async with Client(tmp_path, app) as client:
            client.writer.write(get(b"/later", b"/2") + b"GARBAGE\r\n\r\n")
            await app.came.wait()
            client.writer.write_eof()
            assert await client.reader.read() == b""
            app.go.set()
            assert (app.begun, app.lost, app.counted) == (["/later"], 1, [("/2", 499)])

    run(main())


def test_a_client_that_reads_slowly(tmp_path):
    """Has no more answered than its connection takes, until it reads on."""

    async def main():
        app = App()
        async with Client(tmp_path, app) as client:
            sock = client.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.writer.transport.pause_reading()
            client.writer.write(get(*[b"/large"] * 100) + LAST)
            await app.came.wait()
            for _ in range(1000):
                await asyncio.sleep(0)
            assert len(app.begun) < 50
            client.writer.transport.resume_reading()
            said = await client.reader.read()
            assert said.count(b"HTTP/1.1 200 OK") == len(app.begun) == 101
            assert said.endswith(b"/last")

    run(main())


class Transport(asyncio.Transport):
    """One that goes nowhere."""

    def get_extra_info(self, name, default=None):
        return default

    def write(self, data):
        pass

    def close(self):
        pass

    def is_closing(self):
        return False

    def resume_reading(self):
        pass


def test_a_connection_that_is_over_leaves_no_cycle():
    """The garbage collector would find it in the midst of a request, and have the client of that wait."""

    async def main():
        for sent in (get(b"/1"), b"GET /ha", b"GARBAGE\r\n\r\n", get(b"/1", b"/2")):
            connection = Connection(App(), clients())
            connection.connection_made(Transport())
            connection.data_received(sent)
            await asyncio.sleep(0)
            connection.connection_lost(None)

    def alive():
        return sum(isinstance(thing, Connection | RequestReader) for thing in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = alive()
        asyncio.run(main())
        assert alive() == before
    finally:
        gc.enable()


class Watched(Client):
    """See `Client`; the one connection that the server has of it."""

    async def __aenter__(self):
        await super().__aenter__()
        while not self.clients.open:  # noqa: ASYNC110  # nothing tells of a connection
            await asyncio.sleep(0)
        (self.server_side,) = self.clients.open
        return self

    async def phase(self, wanted):
        """Wait until it is at this."""
        while self.server_side.phase is not wanted:  # noqa: ASYNC110  # nothing tells of a phase
            await asyncio.sleep(0.001)


def test_phases(tmp_path):
    """From the first byte to the next request, and what has come of each."""

    async def main():
        app = App()
        async with Watched(tmp_path, app) as client:
            await client.phase(Phase.HEADER)
            client.writer.write(b"POST /later HTTP/1.1\r\ncontent-length: 4\r\n\r\n")
            await client.phase(Phase.BODY)
            client.writer.write(b"ab")
            while client.server_side.progress != 2:  # noqa: ASYNC110
                await asyncio.sleep(0)
            client.writer.write(b"cdGET /ne")
            await client.phase(Phase.ANSWERING)
            app.go.set()
            await client.phase(Phase.HEADER)
            client.writer.write(b"xt HTTP/1.1\r\n\r\n")
            await client.phase(Phase.IDLE)
            before = client.server_side.rested
            client.writer.write(get(b"/large"))
            await client.phase(Phase.UNREAD)
            waits = client.server_side.progress
            assert waits > 0
            await client.reader.readuntil(b"/next")
            await client.reader.readuntil(b"\r\n\r\n")
            await client.reader.readexactly(600_000)
            await client.phase(Phase.IDLE)
            assert client.server_side.rested > before

    run(main())


@pytest.mark.parametrize(
    ("sent", "answer", "counted"),
    [
        (b"", b"", []),
        (b"GET /ha", b"HTTP/1.1 408 Request Timeout\r\n", [(None, 408)]),
        (b"POST /p HTTP/1.1\r\ncontent-length: 2\r\n\r\nx", b"HTTP/1.1 408 Request Timeout\r\n", [("/p", 408)]),
    ],
)
@pytest.mark.parametrize("at_once", [False, True])
def test_giving_up(tmp_path, sent, answer, counted, at_once):
    """Who has said something is told, and it is counted; then the connection is closed."""

    async def main():
        app = App()
        async with Watched(tmp_path, app) as client:
            client.writer.write(sent)
            while client.server_side.progress != len(sent.rpartition(b"\n")[2]):  # noqa: ASYNC110
                await asyncio.sleep(0)
            client.server_side.give_up(at_once=at_once)
            said = await client.reader.read()
            assert said.startswith(answer)
            assert bool(said) == bool(sent)
            assert app.counted == counted
            assert not client.clients.open

    run(main())


def test_giving_up_what_is_in_hand(tmp_path):
    """Is not done."""

    async def main():
        app = App()
        async with Watched(tmp_path, app) as client:
            client.writer.write(get(b"/later") + LAST)
            await app.came.wait()
            client.server_side.give_up(at_once=True)
            app.go.set()
            assert await client.statuses_and_paths() == [(b"200", b"/later"), (b"200", b"/last")]

    run(main())


def test_giving_up_an_answer(tmp_path):
    """That nobody reads, with what waits behind it, which is counted as what nobody waits for."""

    async def main():
        app = App()
        async with Watched(tmp_path, app) as client:
            client.writer.write(get(b"/large", b"/2"))
            await client.phase(Phase.UNREAD)
            client.server_side.give_up(at_once=False)
            await client.reader.read()
            assert app.counted == [("/2", 499)]
            assert not client.clients.open

    run(main())
