"""The load on a real socket: what it sends, what it counts, and from when."""

import asyncio
import random

import pytest

from servescope.errors import ConfigurationError
from servescope.planner.load.connections import target_of, tokens_in
from servescope.planner.load.driver import Load, drive
from servescope.planner.load.schedule import poisson
from servescope.planner.load.trial import LOST, Trial
from servescope.planner.objective import Objective

REQUEST = b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def loaded(answer, moments, patience_s=5.0, most=2000) -> tuple[Trial, int]:
    """A load on a server whose connections are handled by `answer(reader, writer)`; and how many connections there were."""
    opened = 0

    async def run() -> Trial:
        async def serve(reader, writer):
            nonlocal opened
            opened += 1
            try:
                while await reader.readuntil(b"\r\n\r\n"):
                    await answer(writer)
            except (asyncio.IncompleteReadError, ConnectionError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        load = Load(target_of(f"http://127.0.0.1:{port}"), [REQUEST], patience_s, most)
        try:
            return await drive(load, moments, 10.0, 1.0, 1)
        finally:
            server.close()

    return asyncio.run(run()), opened


async def fine(writer):
    writer.write(OK)


def test_every_request_is_answered_and_connections_are_used_again():
    """One after the other needs one connection."""
    trial, opened = loaded(fine, [0.0, 0.1, 0.2, 0.3])
    assert trial.answered == 4
    assert not trial.failures
    assert opened == 1


def test_a_slow_server_is_not_spared():
    """All are sent when they were to be, on connections of their own, while the first still waits; latencies count from then."""
    gate: list[asyncio.Event] = []
    arrived = 0

    async def held(writer):
        nonlocal arrived
        if not gate:
            gate.append(asyncio.Event())
        arrived += 1
        if arrived == 5:
            gate[0].set()
        await gate[0].wait()
        writer.write(OK)

    trial, opened = loaded(held, [0.0, 0.05, 0.1, 0.15, 0.2])
    assert opened == 5
    assert trial.answered == 5
    assert trial.sent[0].latency_s >= 0.2
    assert trial.sent[0].latency_s > trial.sent[-1].latency_s


@pytest.mark.parametrize(
    ("text", "code"), [(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", 503), (b"nonsense\r\n\r\n", 0), (b"", 0)]
)
def test_what_is_not_200_is_a_failure(text, code):
    """By its status; none for what is no HTTP, or a connection that ends."""

    async def answer(writer):
        writer.write(text)
        if not text:
            writer.close()

    trial, _ = loaded(answer, [0.0, 0.05])
    assert trial.failures == {code: 2}
    assert [one.latency_s for one in trial.sent] == [LOST, LOST]


def test_what_is_never_answered_is_late():
    """Once the patience is over."""

    async def silent(writer):
        pass

    trial, _ = loaded(silent, [0.0], patience_s=0.2)
    assert trial.late_share(Objective(0.99, 100.0)) == 1.0


def test_without_a_connection_to_be_had_it_fails():
    """The bound on connections is kept."""

    async def silent(writer):
        pass

    trial, opened = loaded(silent, [0.0, 0.01, 0.02], patience_s=0.2, most=1)
    assert opened == 1
    assert trial.failures[0] >= 2


def test_a_stream_has_a_first_token_and_times_between():
    """Chunks as they come."""

    async def stream(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            await asyncio.sleep(0.05)
            writer.write(b"9\r\ndata: a\n\n\r\n")
            await writer.drain()
        writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")

    trial, _ = loaded(stream, [0.0])
    (one,) = trial.sent
    assert 0.05 <= one.ttft_s < one.latency_s
    assert 0 < one.itl_s <= one.latency_s
    assert trial.tokens == 3


def test_an_address_may_have_a_path():
    """As behind a proxy: it stands before every path."""
    assert target_of("http://h:80/a b/").prefix == "/a%20b"
    assert target_of("http://h:80").prefix == target_of("unix:/s").prefix == ""


def test_what_the_first_failure_said_is_kept():
    """As it began; a success has a status of its own."""
    count = 0

    async def answer(writer):
        nonlocal count
        count += 1
        body, status = (b"no %d" % count, b"400 Bad") if count > 1 else (b"yes", b"201 Made")
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))

    trial, _ = loaded(answer, [0.0, 0.1, 0.2])
    assert (trial.answered, dict(trial.failures), trial.said) == (1, {400: 2}, b"no 2")


@pytest.mark.parametrize("url", ["", "ftp://h", "http://", "127.0.0.1:80"])
def test_addresses_that_are_none_are_refused(url):
    """With the address."""
    with pytest.raises(ConfigurationError) as refused:
        target_of(url)
    assert repr(url) in refused.value.message


def test_nobody_there_is_no_answer():
    """Not an error of this program."""

    async def run() -> Trial:
        return await drive(Load(target_of("unix:/nowhere/at.all"), [REQUEST], 1.0), [0.0], 1.0, 1.0, 1)

    assert asyncio.run(run()).failures == {0: 1}


def test_a_schedule_is_poissons():
    """In order, within the time, as many as asked for, the same for the same seed."""
    moments = poisson(50.0, 200.0, random.Random(1))
    assert moments == sorted(moments) == poisson(50.0, 200.0, random.Random(1))
    assert 0 <= moments[0] < moments[-1] < 200
    assert len(moments) == pytest.approx(10_000, rel=0.04)


@pytest.mark.parametrize(
    ("piece", "count"),
    [
        (b"data: a\n\n", 1),
        (b"data: a\n\ndata: b\n\n", 2),
        (b"data: a\n\ndata: [DONE]\n\n", 1),
        (b"data: [DONE]\n\n", 0),
        (b"no events", 1),
        (b"data: [DONE] and data: [DONE]", 0),
    ],
)
def test_the_streams_end_is_no_token(piece, count):
    """It would halve the time between two tokens."""
    assert tokens_in(piece) == count
