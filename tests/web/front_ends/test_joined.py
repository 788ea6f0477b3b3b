"""A client of a front end gets, to the byte, what a client of the server itself gets, and as much is counted."""

import asyncio
import gzip
import os
import re
import resource
import socket
from typing import get_args

import pytest

from bodies import bodies_open
from servescope.errors import BadRequest
from servescope.web.front_ends.child import spares
from servescope.web.front_ends.messages import Asked, FromFrontEnd, ToFrontEnd
from servescope.wire.spooled.body import Spooled
from web.front_ends.joined import JoinedPort
from web.port import Port, run

ID = b"x-request-id: me\r\n"
HEAD = b" HTTP/1.1\r\nhost: h\r\n" + ID


async def pieces(count):
    for number in range(count):
        yield b"piece %d" % number


def act(exchange):
    """Answers by its path."""
    path, exchange.route = exchange.request.path, exchange.request.path
    if path == "/stream":
        return exchange.stream(200, [(b"content-type", b"text/plain")], pieces(3))
    if path == "/events":
        return _broken(exchange)
    if path == "/bad":
        raise BadRequest("so it is")
    if path == "/echo":
        exchange.answer(200, [(b"x-size", b"%d" % exchange.request.size)], exchange.request.whole_body)
    else:
        exchange.answer(200, [], path.encode() * (100_000 if path == "/large" else 1))
    return None


async def _broken(exchange):
    async def some():
        yield b"data: 1\n\n"
        raise BadRequest("no more")

    await exchange.stream(200, [(b"content-type", b"text/event-stream")], some())


ASKED = {
    "a path": b"GET /a" + HEAD + b"\r\n",
    "a body": b"POST /echo" + HEAD + b"content-length: 5\r\n\r\nhello",
    "a body in chunks": b"POST /echo" + HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    "HEAD": b"HEAD /a" + HEAD + b"\r\n",
    "HEAD of a stream": b"HEAD /stream" + HEAD + b"\r\n",
    "HEAD of one that breaks off": b"HEAD /events" + HEAD + b"\r\n",
    "HEAD of an error": b"HEAD /bad" + HEAD + b"\r\n",
    "HEAD of a large answer": b"HEAD /large" + HEAD + b"\r\n",
    "a large answer": b"GET /large" + HEAD + b"\r\n",
    "a stream": b"GET /stream" + HEAD + b"\r\n",
    "a stream, HTTP/1.0": b"GET /stream HTTP/1.0\r\n" + ID + b"\r\n",
    "a stream that breaks off": b"GET /events" + HEAD + b"\r\n",
    "an error": b"GET /bad" + HEAD + b"\r\n",
    "one that wants no more": b"GET /a" + HEAD + b"connection: close\r\n\r\n",
    "no HTTP": b"no HTTP at all\r\n\r\n",
    "too large": b"POST /echo" + HEAD + b"content-length: 1001\r\n\r\n" + b"x" * 1001 + b"GET /a" + HEAD + b"\r\n",
    "too large, in chunks": b"POST /echo"
    + HEAD
    + b"transfer-encoding: chunked\r\n\r\n7d0\r\n"
    + b"x" * 2000
    + b"\r\n0\r\n\r\n",
    "invited": b"POST /echo" + HEAD + b"expect: 100-continue\r\ncontent-length: 2\r\n\r\nok",
    "not invited": b"POST /echo" + HEAD + b"expect: 100-continue\r\ncontent-length: 2000\r\n\r\n",
    "a header too many": b"GET /a" + HEAD + b"a: b\r\n" * 1001 + b"\r\n",
    "three at once": b"GET /a" + HEAD + b"\r\nGET /stream" + HEAD + b"\r\nGET /b" + HEAD + b"\r\n",
    "compressed nonsense": b"POST /echo" + HEAD + b"content-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc",
}


async def answers(port, asked):
    """All bytes that come, to the end that another request asks for, and what is counted."""
    reader, writer = await port.connection()
    writer.write(asked + b"GET /last" + HEAD + b"connection: close\r\n\r\n")
    got = await reader.read()
    writer.close()
    return got


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_the_same_bytes(tmp_path, asked):
    """And the same counts, and access lines but for their times."""

    async def main():
        async with Port(tmp_path, act) as plain:
            expected = await answers(plain, asked)
            lines = plain.logged()
        if asked.startswith(b"HEAD"):  # another answer follows its headers, or nothing does
            assert expected.partition(b"\r\n\r\n")[2][:5] in (b"", b"HTTP/")
        plain.log.unlink()
        async with JoinedPort(tmp_path, act) as joined:
            assert await answers(joined, asked) == expected
            await joined.settle()
            assert _timeless(joined.logged()) == _timeless(lines)
            assert joined.counted() == JoinedPort.counted(plain)
            assert not joined.observers.open

    run(main())


def _timeless(lines):
    return [re.sub(r"^\S+|\d+ me$", "", line) for line in lines]


def test_a_body_of_megabytes(tmp_path):
    """Comes to the app and back whole."""

    async def main():
        async with JoinedPort(tmp_path, act, limit=10_000_000) as joined:
            reader, writer = await joined.connection()
            body = bytes(range(256)) * 20_000
            writer.write(b"POST /echo" + HEAD + b"content-length: %d\r\n\r\n" % len(body) + body)
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(len(body)) == body
            writer.close()

    run(main())


@pytest.mark.parametrize("compressed", [False, True], ids=["as it is", "compressed"])
def test_where_a_large_body_lies(tmp_path, monkeypatch, compressed):
    """In memory of its own, whose descriptors are closed with its last part, or soon after it."""
    monkeypatch.setattr(spares, "IDLE_S", 0.0)
    found = []
    body = bytes(range(256)) * 2000

    def note(exchange):
        found.extend(exchange.request.body)
        exchange.answer(200, [], b"ok")

    async def main():
        async with JoinedPort(tmp_path, note, limit=10_000_000) as joined:
            before = bodies_open()
            reader, writer = await joined.connection()
            sent = gzip.compress(body) if compressed else body
            said = b"content-encoding: gzip\r\n" if compressed else b""
            writer.write(b"POST /a" + HEAD + said + b"content-length: %d\r\n\r\n" % len(sent) + sent)
            assert await reader.readuntil(b"ok")
            (piece,) = found
            assert isinstance(piece, Spooled)
            assert piece.read() == body
            writer.close()
            found.clear()
            del piece
            while joined.desk._connections or bodies_open() > before:
                await joined.settle()

    run(main())


def test_memory_is_used_again(tmp_path):
    """For the next body of any connection, once it is answered; not while somebody has it, nor where a worker may read it."""
    found = []
    mine = b"mine" * 30_000

    def note(exchange):
        (piece,) = exchange.request.body
        assert piece.read() == mine[: len(piece)]
        found.append((os.fstat(piece.descriptor).st_ino, piece))
        exchange.answer(200, [], b"ok")

    async def main():
        async with JoinedPort(tmp_path, note, limit=10_000_000) as joined:

            async def ask(length):
                reader, writer = await joined.connection()
                writer.write(b"POST /a" + HEAD + b"content-length: %d\r\n\r\n" % length + mine[:length])
                assert await reader.readuntil(b"ok")
                writer.close()
                while joined.desk._connections:
                    await joined.settle()
                return found.pop()

            first, kept = await ask(100_000)
            part = kept.part(3, 4)
            del kept
            second, _ = await ask(90_000)
            assert second != first
            del _
            await joined.settle()
            assert (await ask(120_000))[0] == second
            assert part.read() == b"emin"
            del part
            await joined.settle()
            again, told = await ask(70_000)
            assert again == first
            told.tell()
            del told
            await joined.settle()
            assert (await ask(70_000))[0] == second
            assert (await ask(70_000))[0] == second

    run(main())


def test_all_that_is_said_is_taken(tmp_path):
    """Every kind of message has who takes it, at either end."""

    async def main():
        async with JoinedPort(tmp_path, act) as joined:
            assert set(joined.desk.takes) == set(get_args(FromFrontEnd))
            assert set(joined.serving.channel._takes) == set(get_args(ToFrontEnd))

    run(main())


def test_a_body_that_is_lost(tmp_path):
    """As there was no descriptor for it: 503, counted once, and the connection's owner goes on."""

    async def main():
        async with JoinedPort(tmp_path, act, limit=10_000_000) as joined:
            held = []
            asked = asyncio.Event()
            takes, take = joined.desk.takes, joined.desk.takes[Asked]

            def hold(*what):
                held.append(what)
                asked.set()

            takes[Asked] = hold
            reader, writer = await joined.connection()
            writer.write(b"POST /echo" + HEAD + b"content-length: 100000\r\n\r\n" + b"x" * 100_000)
            await asked.wait()
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            lowest = os.open(os.devnull, os.O_RDONLY)
            os.close(lowest)
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
            try:
                for what in held:
                    take(*what)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            takes[Asked] = take
            assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
            writer.close()
            await joined.settle()
            assert joined.counted() == {("POST", "/x", "503"): 1}
            assert not joined.observers.open
            reader, other = await joined.connection()
            other.write(b"POST /echo" + HEAD + b"content-length: 100000\r\n\r\n" + b"x" * 100_000)
            assert (await reader.readuntil(b"xx")).startswith(b"HTTP/1.1 200 ")
            other.close()

    run(main())


@pytest.mark.parametrize("path", ["/a", "/stream"])
def test_what_is_on_its_way_is_not_counted(tmp_path, path):
    """An answer is, when it was handed to the system; one whose connection ends before that is counted as a client that left."""

    async def main():
        async with JoinedPort(tmp_path, act) as joined:
            held = joined.hold()
            reader, writer = await joined.connection()
            writer.write(b"GET " + path.encode() + HEAD + b"\r\n")
            while len(held) < (1 if path == "/a" else 5):
                await joined.settle()
            assert joined.counted() == {}
            assert joined.observers.open == 1
            writer.close()
            while joined.desk._connections:
                await joined.settle()
            assert joined.counted() == {("GET", path, "499"): 1}
            assert joined.observers.open == 0
            joined.let_go()
            for do in held:
                do()
            await joined.settle()
            assert joined.counted() == {("GET", path, "499"): 1}
            assert joined.logged() == []
            del reader

    run(main())


class Slow:
    """A client that has not read the large answer that it asked for; `head`: what it has read."""

    def __init__(self, port, asked=b"GET /large" + HEAD + b"\r\n"):
        self._asked = asked
        self._client = socket.socket(socket.AF_UNIX)
        self._client.setblocking(False)
        self._client.connect(port.path)

    async def __aenter__(self):
        self._client.send(self._asked)
        self.head = await self.read(20)
        return self

    async def __aexit__(self, *_):
        self._client.close()

    async def read(self, count):
        return await asyncio.get_running_loop().sock_recv(self._client, count)

    async def read_on(self, count):
        left = count
        while left:
            left -= len(await self.read(left))


LARGE = {"whole": b"GET /large" + HEAD + b"\r\n", "stream": b"GET /long" + HEAD + b"\r\n"}


def act_largely(exchange):
    """As `act`, and a stream of one large piece."""
    if exchange.request.path != "/long":
        return act(exchange)
    exchange.route = "/long"
    return exchange.stream(200, [], _once(b"x" * 600_000))


async def _once(piece):
    yield piece


@pytest.mark.parametrize("asked", LARGE.values(), ids=LARGE)
@pytest.mark.parametrize("end", ["read", "left", "lost"])
def test_a_large_answer_that_is_not_read(tmp_path, asked, end):
    """Is counted when its client has taken it, or left; as lost when its front end has ended. The answers of others do not wait."""
    route = "/large" if b"/large" in asked else "/long"

    async def main():
        async with JoinedPort(tmp_path, act_largely) as joined, Slow(joined, asked) as client:
            assert client.head == b"HTTP/1.1 200 OK\r\nx-r"
            reader, writer = await joined.connection()
            for asked_for in range(1, 4):
                writer.write(b"GET /a" + HEAD + b"\r\n")
                await reader.readuntil(b"\r\n\r\n/a")
                await joined.settle()
                assert joined.counted() == {("GET", "/a", "200"): asked_for}
            writer.close()
            assert joined.observers.open == 1
            if end == "read":
                await client.read_on(590_000)
            elif end == "left":
                await client.__aexit__()
            else:
                assert joined.desk.lose(joined.written.count) == 1
                joined.deafen()
            while joined.observers.open:
                await joined.settle()
            code = "502" if end == "lost" else "200"
            assert joined.counted() == {("GET", "/a", "200"): 3, ("GET", route, code): 1}
            assert len([line for line in joined.logged() if route in line]) == (end != "lost")

    run(main())


def test_behind_a_large_answer(tmp_path):
    """The next request of its connection is asked once it is taken, and both count in their order."""

    async def main():
        twice = LARGE["whole"] + b"GET /a" + HEAD + b"\r\n"
        async with JoinedPort(tmp_path, act) as joined, Slow(joined, twice) as client:
            await joined.settle()
            assert joined.counted() == {}
            rest = b""
            while not rest.endswith(b"\r\n\r\n/a"):
                rest = rest[-10:] + await client.read(65_536)
            await joined.settle()
            assert joined.counted() == {("GET", "/large", "200"): 1, ("GET", "/a", "200"): 1}
            assert ["/large" in line for line in joined.logged()] == [True, False]

    run(main())


def test_the_end_of_a_front_end(tmp_path):
    """What it had written is counted as answered, although it had no time to say so; the rest as lost."""

    async def main():
        async with JoinedPort(tmp_path, act) as joined:
            open_now = [await joined.connection() for _ in range(3)]
            held = joined.hold()
            for _, writer in open_now:
                writer.write(b"GET /a" + HEAD + b"\r\n")
            while len(held) < 3:
                await joined.settle()
            joined.serving._relay._settling = True  # it will not come to say it
            held[0]()
            assert await open_now[0][0].readuntil(b"/a")
            assert joined.written.count == 1
            assert joined.desk.lose(joined.written.count) == 2
            assert joined.counted() == {("GET", "/a", "200"): 1, ("GET", "/a", "502"): 2}
            assert len(joined.logged()) == 1
            joined.deafen()
            for _, writer in open_now:
                writer.close()

    run(main())


def test_a_stream_whose_client_has_gone(tmp_path):
    """Is walked through to its end, as with one process: nobody says any more that the client takes more."""
    over = asyncio.Event()
    going = asyncio.Event()

    async def some():
        for _ in range(64):
            going.set()
            yield b"x" * 65_536
        over.set()

    async def main():
        async with JoinedPort(tmp_path, lambda exchange: exchange.stream(200, [], some())) as joined:
            _, writer = await joined.connection()
            writer.write(b"GET /" + HEAD + b"\r\n")
            await going.wait()
            assert not over.is_set()
            writer.close()
            await over.wait()
            assert joined.counted() == {("GET", "other", "499"): 1}

    run(main())


def test_a_stream_waits_for_its_client(tmp_path):
    """One that does not read holds it up."""
    sent = []

    async def endless():
        for number in range(10_000):
            sent.append(number)
            yield b"x" * 16_384

    def stream(exchange):
        return exchange.stream(200, [], endless())

    async def main():
        async with JoinedPort(tmp_path, stream) as joined:
            with socket.socket(socket.AF_UNIX) as client:
                client.setblocking(False)
                client.connect(joined.path)
                client.send(b"GET /" + HEAD + b"\r\n")
                before = -1
                while len(sent) != before:
                    before = len(sent) or -1
                    for _ in range(20):
                        await joined.settle()
                assert 0 < len(sent) < 100
                loop = asyncio.get_running_loop()
                for _ in range(50):
                    await loop.sock_recv(client, 65_536)
                while len(sent) == before:
                    await joined.settle()

    run(main())
