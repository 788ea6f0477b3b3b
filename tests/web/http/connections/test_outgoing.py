"""Large answers come to their clients whole, and a transport says when they are not read, with TLS and without."""

import asyncio
import socket
import ssl

import pytest
import uvloop

from certificates import loopback_pair
from servescope.web.http.connections.outgoing import LARGE, progress, write

SIZES = [1, LARGE - 1, LARGE, LARGE + 1, 3 * LARGE]
MEGABYTES = bytes(range(256)) * 40_000


class Writer(asyncio.Protocol):
    """Writes as soon as it is asked to."""

    def __init__(self, send):
        self._send = send
        self.paused = asyncio.Event()

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, _):
        self._send(self._transport)

    def pause_writing(self):
        self.paused.set()

    def resume_writing(self):
        self.paused.clear()


class Written:
    """A server on the running loop that sends so, and its client."""

    def __init__(self, directory, encrypted, send):
        self._context = self._trust = None
        if encrypted:
            certificate, key = loopback_pair(directory)
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate, key)
            self._trust = ssl.create_default_context(cafile=certificate)
        self.writer = Writer(send)

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: self.writer, "127.0.0.1", 0, ssl=self._context)
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await loop.sock_connect(client, self._server.sockets[0].getsockname())
        name = "127.0.0.1" if self._trust else None
        self.reader, self._asker = await asyncio.open_connection(
            sock=client, ssl=self._trust, server_hostname=name, limit=1000
        )
        self._asker.write(b"x")
        return self

    async def __aexit__(self, *_):
        self._asker.transport.abort()
        self._server.close()


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request):
    """On both loops; the end must come."""
    return lambda main: request.param(asyncio.wait_for(main, 20))


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
def test_all_of_it(tmp_path, run, encrypted):
    """In its order, whatever the sizes, bytes and views alike."""
    pieces = [MEGABYTES[size : 2 * size] for size in SIZES]

    def send(transport):
        for piece in pieces:
            write(transport, piece)
            write(transport, memoryview(piece))

    expected = b"".join([2 * piece for piece in pieces])

    async def main():
        async with Written(tmp_path, encrypted, send) as written:
            assert await written.reader.readexactly(len(expected)) == expected

    run(main())


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
def test_a_client_that_does_not_read(tmp_path, run, encrypted):
    """Is told of."""

    async def main():
        async with Written(tmp_path, encrypted, lambda transport: write(transport, MEGABYTES)) as written:
            await written.writer.paused.wait()
            assert await written.reader.readexactly(len(MEGABYTES)) == MEGABYTES
            while written.writer.paused.is_set():  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0)

    run(main())


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
def test_progress(tmp_path, run, encrypted):
    """Changes whenever the client has taken some more."""
    transports = []

    def send(transport):
        transports.append(transport)
        transport.write(MEGABYTES)  # in one piece, of which TLS says nothing

    async def main():
        async with Written(tmp_path, encrypted, send) as written:
            await written.reader.readexactly(1)
            seen = [await still(transports[0])]
            for _ in range(3):
                await written.reader.readexactly(len(MEGABYTES) // 8)
                seen.append(await still(transports[0]))
            assert len(set(seen)) == 4
            assert seen == sorted(seen, reverse=not encrypted)

    run(main())


async def still(transport):
    """Its progress once it has been the same for a while: then only what the client reads moves it."""
    last = count = 0
    while count < 20:
        await asyncio.sleep(0.005)
        now = progress(transport)
        last, count = now, count + 1 if now == last else 0
    return last


def test_no_tcp():
    """Then it is what waits, also under TLS."""

    class OverUnix:
        def get_extra_info(self, name):
            return near if name == "socket" else True

        def get_write_buffer_size(self):
            return 7

    near, far = socket.socketpair()
    with near, far:
        assert progress(OverUnix()) == 7
