"""The port for workers takes those that it expects, each connection once, and cuts off whoever else comes."""

import asyncio
import logging
import os
import socket

import pytest
import uvloop

from servescope.fleet.backends.remote import listener as module
from servescope.fleet.backends.remote.listener import Listener
from servescope.wire.agent import WELCOME, Role, Ticket, greeting, new_ticket


class Taken(asyncio.Protocol):
    """What is taken: remembers what it hears, and greets."""

    def __init__(self):
        self.heard = b""

    def connection_made(self, transport):
        transport.write(b"hello")

    def data_received(self, data):
        self.heard += data


@pytest.fixture
def run():
    """Run a test's body on a loop, with an open listener."""

    def run(body):
        async def main():
            listener = Listener()
            port = listener.open("127.0.0.1")
            try:
                await asyncio.wait_for(body(listener, port), 60)
            finally:
                listener.close()

        uvloop.run(main())

    return run


async def until(condition):
    while not condition():  # noqa: ASYNC110  # what comes over the socket sets no event
        await asyncio.sleep(0.001)


async def say(port, data, *, end=False):
    """What is answered until the connection is closed, or `hello` has come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    if end:
        writer.write_eof()
    got = b""
    try:
        while not got.endswith(b"hello") and (more := await reader.read(100)):
            got += more
    except ConnectionResetError:
        pass
    return got, writer


def test_each_connection_once(run):
    """It is welcomed before its protocol says anything; the second of a kind is a stranger."""

    async def body(listener, port):
        protocols = {role: Taken() for role in Role}
        ticket = listener.expect({role: lambda role=role: protocols[role] for role in Role})
        got, writer = await say(port, greeting(Role.CHANNEL, ticket))
        assert got == WELCOME + b"hello"
        writer.write(b"more")
        await until(lambda: protocols[Role.CHANNEL].heard)
        assert protocols[Role.CHANNEL].heard == b"more"
        assert (await say(port, greeting(Role.CHANNEL, ticket)))[0] == b""
        assert (await say(port, greeting(Role.PROBE, ticket)))[0] == WELCOME + b"hello"
        assert (await say(port, greeting(Role.CONTROL, ticket)))[0] == WELCOME + b"hello"
        assert (await say(port, greeting(Role.CONTROL, ticket)))[0] == b""
        assert not listener.strangers

    run(body)


def test_in_pieces(run):
    """A greeting may come byte by byte."""

    async def body(listener, port):
        ticket = listener.expect({Role.PROBE: Taken})
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for byte in greeting(Role.PROBE, ticket):
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert await reader.readexactly(6) == WELCOME + b"hello"

    run(body)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (lambda ticket: greeting(Role.PROBE, Ticket(ticket.name, new_ticket().secret)), "its secret is wrong"),
        (lambda ticket: greeting(Role.PROBE, new_ticket()), "no such worker is expected"),
        (lambda ticket: greeting(Role.CONTROL, ticket), "its control is connected already"),
        (lambda ticket: greeting(Role.PROBE, ticket) + b"x", "it said more than a greeting"),
        (lambda ticket: greeting(Role.PROBE, ticket)[:8] + b"\xff" + greeting(Role.PROBE, ticket)[9:], "255"),
        (
            lambda ticket: b"GET / HTTP/1.1\r\nHost: localhost:8080\r\nAccept: */*\r\n\r\n....",
            "it is no worker: it begins",
        ),
        (lambda ticket: os.urandom(10_000), "it said more than a greeting"),
    ],
)
def test_strangers(run, caplog, data, why):
    """Are cut off without an answer, and the log says who it was and why; whoever is expected still comes in."""

    async def body(listener, port):
        ticket = listener.expect({Role.PROBE: Taken})
        with caplog.at_level(logging.WARNING):
            assert (await say(port, data(ticket)))[0] == b""
        assert "A connection from ('127.0.0.1', " in caplog.text
        assert why in caplog.text
        assert (await say(port, greeting(Role.PROBE, ticket)))[0] == WELCOME + b"hello"

    run(body)


def test_who_says_nothing(run, caplog, monkeypatch):
    """Is cut off after a while; who leaves by itself is forgotten."""
    monkeypatch.setattr(module, "GREETING_S", 0.05)

    async def body(listener, port):
        assert (await say(port, b"SERV"))[0] == b""
        assert "said nothing in 0.05 s" in caplog.text
        assert (await say(port, b"SERV", end=True))[0] == b""
        await until(lambda: not listener.strangers)

    run(body)


def test_too_many_strangers(run, caplog, monkeypatch):
    """Are cut off at once; when one has left, another may come."""
    monkeypatch.setattr(module, "MOST_STRANGERS", 2)

    async def body(listener, port):
        ticket = listener.expect({Role.PROBE: Taken})
        first = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: len(listener.strangers) == 2)
        assert (await say(port, greeting(Role.PROBE, ticket)))[0] == b""
        first[1].close()
        await until(lambda: len(listener.strangers) < 2)
        assert (await say(port, greeting(Role.PROBE, ticket)))[0] == WELCOME + b"hello"

    run(body)


def test_forgotten(run):
    """Who is expected no longer is a stranger."""

    async def body(listener, port):
        ticket = listener.expect({Role.PROBE: Taken})
        listener.forget(ticket)
        assert (await say(port, greeting(Role.PROBE, ticket)))[0] == b""

    run(body)


def test_closed(run):
    """Nobody is taken any more, and strangers go."""

    async def body(listener, port):
        reader, _ = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: listener.strangers)
        listener.close()
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", port)
        try:
            assert await reader.read() == b""
        except ConnectionResetError:
            pass

    run(body)


def test_an_address_of_another_machine():
    """Cannot be listened at."""

    async def main():
        with pytest.raises(OSError, match="assign"):
            Listener().open("192.0.2.1")

    asyncio.run(main())


def test_no_descriptor(run, caplog, monkeypatch):
    """It waits, and takes who has waited once there is one."""
    monkeypatch.setattr(module, "_PAUSE_S", 0.05)

    async def body(listener, port):
        ticket = listener.expect({Role.PROBE: Taken})
        bound = listener._socket
        failing = [24, 24]

        class Short:
            """The listening socket of a process that has no descriptor left, twice."""

            def fileno(self):
                return bound.fileno()

            def accept(self):
                if failing:
                    raise OSError(failing.pop(), "Too many open files")
                return bound.accept()

            def close(self):
                bound.close()

        asyncio.get_running_loop().remove_reader(bound)
        listener._socket = Short()
        listener._listen()
        assert (await say(port, greeting(Role.PROBE, ticket)))[0] == WELCOME + b"hello"
        assert caplog.text.count("No worker can be taken") == 2

    run(body)


def test_a_port_in_use():
    """Is said to be."""

    async def main():
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            with pytest.raises(OSError, match="in use"):
                Listener().open("127.0.0.1", other.getsockname()[1])

    asyncio.run(main())
