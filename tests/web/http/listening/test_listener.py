"""Addresses are bound, served and closed; whatever cannot be bound names its option. Certificates come from `cryptography`."""

import asyncio
import socket
import ssl
import subprocess
import sys

import pytest
from cryptography import x509

from certificates import self_signed
from servescope.config.address import Address
from servescope.errors import ConfigurationError
from servescope.web.http.listening.listener import Listener, bind
from servescope.web.http.listening.tls import Tls
from web.acceptors import acceptor
from web.port import run


class Hello:
    """An app that answers everything at once."""

    body_limit = 1000

    def begin(self, request, connection):
        head = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n"
        connection.send([head], b"hello", close=False)


class Never:
    """An app that does not answer."""

    body_limit = 1000

    def __init__(self):
        self.asked = asyncio.Event()

    def begin(self, request, connection):
        self.asked.set()


async def ask(reader, writer):
    """One request; the answer's body."""
    writer.write(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    return await reader.readexactly(5)


def free_port(host="127.0.0.1", family=socket.AF_INET):
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def has_ipv6():
    try:
        free_port("::1", socket.AF_INET6)
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    "host", ["127.0.0.1", pytest.param("::1", marks=pytest.mark.skipif(not has_ipv6(), reason="no IPv6"))]
)
def test_tcp(host):
    """Two requests over one connection; after the close there is nobody, and the port can be bound again."""

    async def main():
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        address = Address("http", host, free_port(host, family))
        for _ in range(2):
            listener = Listener("inference_address", address, acceptor(Hello()))
            await listener.start()
            reader, writer = await asyncio.open_connection(host, address.port)
            assert [await ask(reader, writer), await ask(reader, writer)] == [b"hello", b"hello"]
            await listener.close()
            assert await reader.read() == b""
            writer.close()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(host, address.port)

    run(main())


def test_unix(tmp_path):
    """The socket's file goes with the listener; one that a dead server left behind is replaced."""
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    async def main():
        listener = Listener("inference_address", Address("unix", "", 0, str(path)), acceptor(Hello()))
        await listener.start()
        reader, writer = await asyncio.open_unix_connection(str(path))
        assert await ask(reader, writer) == b"hello"
        with pytest.raises(ConfigurationError, match="metrics_address=unix:"):
            bind("metrics_address", Address("unix", "", 0, str(path)))
        assert path.is_socket()
        writer.close()
        await listener.close()
        assert not path.exists()

    run(main())


def test_closing_breaks_off_what_is_open():
    """A request without its answer yet does not keep the listener."""

    async def main():
        app = Never()
        address = Address("http", "127.0.0.1", free_port())
        listener = Listener("inference_address", address, acceptor(app))
        await listener.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", address.port)
        writer.write(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        await app.asked.wait()
        await listener.close()
        assert await reader.read() == b""
        writer.close()

    run(main())


def test_closing_what_never_started():
    """Is allowed."""
    run(Listener("inference_address", Address("http", "127.0.0.1", 1), acceptor(Hello())).close())


def test_what_cannot_be_bound(tmp_path):
    """A taken port, a foreign host, a file in the place of a socket, a directory that is not there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            ConfigurationError, match=f"^inference_address=http://127.0.0.1:{port}: cannot listen there: "
        ):
            bind("inference_address", Address("http", "127.0.0.1", port))
    file = tmp_path / "file"
    file.write_text("precious")
    for address in (
        Address("http", "203.0.113.1", 8080),
        *(Address("unix", "", 0, str(path)) for path in (file, tmp_path / "no" / "s")),
    ):
        with pytest.raises(ConfigurationError, match=r"^management_address="):
            bind("management_address", address)
    assert file.read_text() == "precious"


@pytest.fixture
def tls(tmp_path):
    """A self-signed certificate for localhost."""
    return Tls(*self_signed(tmp_path, x509.DNSName("localhost")))


def test_tls(tls):
    """A client that trusts the certificate gets its answer; one that speaks plain HTTP gets none."""

    async def main():
        address = Address("https", "127.0.0.1", free_port())
        listener = Listener("inference_address", address, acceptor(Hello(), tls))
        await listener.start()
        trust = ssl.create_default_context(cafile=str(tls.certificate))
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", address.port, ssl=trust, server_hostname="localhost"
        )
        assert await ask(reader, writer) == b"hello"
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", address.port)
        writer.write(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        assert b"hello" not in await reader.read()
        writer.close()
        await listener.close()

    run(main())


def test_tls_files_that_are_none(tls, tmp_path):
    """The option and the file are named, and nothing stays bound."""
    (tmp_path / "junk.pem").write_text("junk")
    address = Address("https", "127.0.0.1", free_port())
    for certificate in (tmp_path / "junk.pem", tmp_path / "absent.pem"):
        listener = Listener("inference_address", address, acceptor(Hello(), Tls(certificate, tls.private_key)))
        with pytest.raises(ConfigurationError, match=f"certificate_file={certificate} (has no|cannot be)"):
            run(listener.start())
    bind("inference_address", address).close()


def test_who_has_the_port():
    """Is told by process and command where it can be known."""
    port = free_port()
    program = f"import socket; s = socket.create_server(('127.0.0.1', {port})); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline()
        with pytest.raises(
            ConfigurationError, match=rf"Address already in use, by process {holder.pid} \({sys.executable} -c"
        ):
            bind("inference_address", Address("http", "127.0.0.1", port))
        holder.kill()


def test_who_has_the_socket(tmp_path):
    """A Unix socket's, too."""
    path = str(tmp_path / "s")
    program = f"import socket; s = socket.create_server({path!r}, family=socket.AF_UNIX); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline()
        with pytest.raises(ConfigurationError, match=f"by process {holder.pid} "):
            bind("inference_address", Address("unix", "", 0, path))
        holder.kill()


def test_two_that_are_bound_at_once():
    """The second is refused as it binds, not when it begins to listen."""
    address = Address("http", "127.0.0.1", free_port())
    with bind("inference_address", address), pytest.raises(ConfigurationError, match="already in use"):
        bind("metrics_address", address)
