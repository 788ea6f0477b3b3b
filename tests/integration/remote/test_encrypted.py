"""Workers elsewhere whose connections are encrypted do all that others do; who has no certificate is cut off."""

import asyncio
import logging
import ssl

import pytest
import uvloop

from certificates import Authority
from integration.remote.rig import rigged, until
from servescope.wire.agent import Role, greeting, new_ticket
from tls_files import tls_files

pytestmark = pytest.mark.integration


@pytest.fixture
def authority():
    return Authority()


@pytest.fixture
def files(tmp_path, authority):
    return tls_files(tmp_path / "own", authority)


@pytest.fixture
def run(tmp_path, files):
    """Run a test's body on a loop, with a rig."""

    def run(body):
        async def main():
            async with rigged(tmp_path, files) as rig:
                await asyncio.wait_for(body(rig), 120)

        uvloop.run(main())

    return run


def test_it_serves(run):
    """Small and large bodies, more of them at a time than fits on the way, and its end."""

    async def body(rig):
        await rig.start()
        large = bytes(range(256)) * 96 * 1024
        for number in range(1, 9):
            rig.ask(number, b"small", large)
        for _ in range(8):
            assert (await rig.said())[1] == [b"small", large]
        rig.ask(9, b"do os._exit(3)")
        assert (await rig.ended())[0] == 3

    run(body)


def test_the_front_end_goes(run):
    """With its connections: the worker ends, and its agent."""

    async def body(rig):
        await rig.start()
        rig.link._control.cut("the test is over")
        await asyncio.wait_for(rig.backend.agents[0].wait(), 60)

    run(body)


async def knock(port, context, data=b""):
    """What a stranger hears: b"" where it is cut off."""
    try:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname="127.0.0.1" if context else None
        )
        writer.write(data)
        return await reader.read(100)
    except (ConnectionError, ssl.SSLError):
        return b""


@pytest.mark.parametrize("kind", ["none", "another authority's", "plain"])
def test_a_stranger(run, tmp_path, files, kind, caplog):
    """Without a certificate, with one of another authority, or without TLS: it is refused before it has said a word."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(files.authority.path)
    if kind == "another authority's":
        other = tls_files(tmp_path / "other")
        context.load_cert_chain(other.certificate.path, other.key.path)

    async def body(rig):
        said = greeting(Role.CONTROL, new_ticket())
        assert await knock(rig.backend.port, None if kind == "plain" else context, said) == b""
        await until(lambda: "to the port for workers is refused: no TLS with it: " in caplog.text)
        await until(lambda: not rig.backend.listener.strangers)
        await rig.start()

    with caplog.at_level(logging.WARNING, "servescope.fleet"):
        run(body)


def test_a_wrong_secret(run, files, caplog):
    """A certificate alone lets nobody in."""

    async def body(rig):
        said = greeting(Role.CONTROL, new_ticket())
        assert await knock(rig.backend.port, files.connecting(), said) == b""
        await until(lambda: "no such worker is expected" in caplog.text)

    with caplog.at_level(logging.WARNING, "servescope.fleet"):
        run(body)


@pytest.mark.parametrize("kind", ["another authority's", "of another host"])
def test_a_front_end_that_the_agent_does_not_trust(tmp_path, files, authority, kind, capfd):
    """The agent tells it nothing, and says why it ends, with the file that it believes."""
    theirs = tls_files(tmp_path / "theirs", *([] if kind == "another authority's" else [authority, "192.0.2.1"]))

    async def main():
        async with rigged(tmp_path, theirs) as rig:
            rig.backend.tls = files
            start = asyncio.ensure_future(rig.start())
            await until(lambda: rig.backend.agents)
            assert await asyncio.wait_for(rig.backend.agents[0].wait(), 60) == 1
            start.cancel()

    uvloop.run(main())
    said = capfd.readouterr().err
    assert "cannot be reached: " in said
    assert "certificate verify failed" in said
    assert f"({files.authority})" in said


def test_files_that_are_not_there(tmp_path, files, capfd):
    """The agent names them."""

    async def main():
        async with rigged(tmp_path, files) as rig:
            (tmp_path / "own" / "key.pem").unlink()
            start = asyncio.ensure_future(rig.start())
            await until(lambda: rig.backend.agents)
            assert await asyncio.wait_for(rig.backend.agents[0].wait(), 60) == 1
            start.cancel()

    uvloop.run(main())
    assert f"TLS cannot be set up: {files.key} cannot be read: No such file" in capfd.readouterr().err
