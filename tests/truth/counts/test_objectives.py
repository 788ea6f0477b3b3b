"""Objectives: good and all requests are exactly those of the clients' books."""

import asyncio
import socket

import pytest

from integration.server import wait_until
from truth.client import Ask, load
from truth.comparison import DURATION, assert_objectives_kept, assert_same_counts, at_rest, counted, of_model
from truth.conftest import amount
from truth.handlers import ASYNC_CONFIG, TOKENS
from truth.leaving import after, after_a_piece

pytestmark = pytest.mark.integration

CONFIG = """
minWorkers: 1
maxWorkers: 1
slo: {latency_ms: 200, latency_target: 90, availability_target: 99.9}
"""
# Clearly within the 200 ms, on a busy machine too, clearly beyond, and errors of either side.
FAST, SLOW, SPOILT, FAILED = b"sleep 0.02", b"sleep 0.3", b"code 404", b"raise x"


def test_slo_counters(truth_server, model_of, drawn):
    """One client at a time: availability is about all but 4xx, latency about the answers without an error."""
    model = model_of(CONFIG)
    bodies = [FAST] * amount(30) + [SLOW] * amount(8) + [SPOILT] * amount(6) + [FAILED] * amount(5)
    drawn.shuffle(bodies)
    books = load(truth_server.ports["inference"], [Ask(model.path, body) for body in bodies])
    now = at_rest(truth_server, model)
    assert_same_counts(now, model, books)
    good = sum(seconds <= 0.2 for seconds in books.latencies())
    assert_objectives_kept(now, model, 0.2, 2.0, books)
    assert now.by("slo", "servescope_slo_target_ratio", model_name=model.name) == {
        "availability": 0.999,
        "latency": 0.9,
    }
    # The threshold is an exact bucket bound, so that the histogram and the counter tell the same.
    assert now.value(f"{DURATION}_bucket", model_name=model.name, outcome="ok", le="0.2") == good


# 100 ms and, ten times that, one second; or both as they are given. Clients leave well before, between and well after.
PATIENCE = [
    ("slo: {latency_ms: 100, availability_target: 99.9}", 0.1, 1.0),
    ("slo: {latency_ms: 900, availability_target: 99.9, abandoned_after_ms: 100}", 0.9, 0.1),
]
LEFT_AFTER_S = (0.01, 0.02, 0.4, 0.5, 0.6, 1.4, 1.5)


@pytest.mark.parametrize(("config", "latency_s", "abandoned_s"), PATIENCE)
def test_a_model_that_answers_nobody(truth_server, model_of, config, latency_s, abandoned_s):
    """One worker that hangs, and clients that leave it, whether in its hands or in the queue: those who waited longer than was
    promised were failed, and those who left sooner say nothing. Who stays is answered, late.
    """
    model = model_of(config + "\nminWorkers: 1\nmaxWorkers: 1\n")
    asks = [Ask(model.path, b"gate held", leave=after(seconds), reset=seconds > 1) for seconds in LEFT_AFTER_S]
    asks.append(Ask(model.path, b"gate held"))

    async def open_last(books):
        await books.ended(len(LEFT_AFTER_S))
        model.open("held")

    books = load(truth_server.ports["inference"], asks, len(asks), open_last)
    now = at_rest(truth_server, model)
    assert counted(now, model) == {"200": 1, "499": len(LEFT_AFTER_S)}
    assert_objectives_kept(now, model, latency_s, abandoned_s, books)
    slow, gone = (sum(seconds > limit for seconds in LEFT_AFTER_S) for limit in (latency_s, abandoned_s))
    assert now.by("slo", "servescope_slo_requests_total") == {"latency": slow + 1, "availability": gone + 1}
    assert now.by("slo", "servescope_slo_good_total") == {"availability": 1}


@pytest.mark.parametrize("latency_ms", [10, 60_000])
def test_deadlines(truth_server, model_of, latency_ms):
    """A 408 counts against both, in the queue, in the handler's hands and in the midst of a stream, however long it took."""
    slo = f"slo: {{latency_ms: {latency_ms}, availability_target: 99.9}}"
    model = model_of(f"{slo}\nclientTimeoutInMills: 150\nminWorkers: 1\nmaxWorkers: 1\n")
    asks = [Ask(model.path, b"stream 1 gate held"), *[Ask(model.path, b"gate held")] * 5]

    async def hold(books):
        await books.ended(len(asks))
        model.open("held")

    books = load(truth_server.ports["inference"], asks, len(asks), hold)
    again = load(truth_server.ports["inference"], [Ask(model.path)])
    now = at_rest(truth_server, model)
    assert counted(now, model) == {"408": 6, "200": 1}
    assert_objectives_kept(now, model, latency_ms / 1000, latency_ms / 100, books, again, broken=408)


def test_streams_that_are_left(truth_server, model_of):
    """Whoever got a piece was served, and is judged by the wait for it, however long it stayed; whoever got none was failed."""
    slo = "slo: {latency_ms: 100, availability_target: 99.9, abandoned_after_ms: 300}"
    model = model_of(slo + "\nminWorkers: 4\nmaxWorkers: 4\n")

    async def after_a_piece_and_a_while(entry):
        await after_a_piece(entry)
        await asyncio.sleep(0.5)

    asks = [
        Ask(model.path, b"stream 2 gate held", leave=after_a_piece),
        Ask(model.path, b"stream 2 gate held", leave=after_a_piece_and_a_while, reset=True),
        Ask(model.path, b"sleep 0.2 stream 1 gate held", leave=after_a_piece),
        Ask(model.path, b"gate held stream 2", leave=after(0.6)),
    ]

    def all_left():
        return counted(of_model(truth_server, model), model) == {"499": len(asks)}

    async def hold(books):
        await books.ended(len(asks))
        # The last would be sent a piece, and count as served, before the server knows that it has left.
        await asyncio.to_thread(wait_until, all_left, "that they have left to be known")
        model.open("held")

    books = load(truth_server.ports["inference"], asks, len(asks), hold)
    assert [entry.first is not None for entry in books.entries].count(True) == 3
    now = at_rest(truth_server, model)
    assert counted(now, model) == {"499": 4}
    assert_objectives_kept(now, model, 0.1, 0.3, books)
    assert now.by("slo", "servescope_slo_good_total") == {"availability": 3, "latency": 2}


def test_a_handlers_own_499(truth_server, model_of):
    """Is a client's error like any 4xx, whole or streamed: nobody left, and no objective counts it."""
    model = model_of(CONFIG)
    bodies = [b"code 499", b"code 499 stream 2"]
    books = load(truth_server.ports["inference"], [Ask(model.path, body) for body in bodies])
    now = at_rest(truth_server, model)
    assert_same_counts(now, model, books)
    assert counted(now, model) == {"499": 2}
    assert now.by("slo", "servescope_slo_requests_total") == {}


def test_pipelined_requests_that_are_left(truth_server, model_of):
    """Those whose turn never came waited as well; half a request, or one without its body, waited for nothing."""
    model = model_of("slo: {latency_ms: 100, availability_target: 99.9, abandoned_after_ms: 300}")
    head = b"POST %b HTTP/1.1\r\nhost: h\r\ncontent-length: " % model.path.encode()
    with socket.create_connection(("127.0.0.1", truth_server.ports["inference"])) as client:
        client.sendall((head + b"9\r\n\r\ngate held") * 3 + head + b"100\r\n\r\nhalf")
        wait_until((model.notes / "held.began").exists)
        asyncio.run(asyncio.sleep(0.6))
    wait_until(lambda: counted(at_rest(truth_server, model), model) == {"499": 3}, "three to be counted")
    model.open("held")
    now = at_rest(truth_server, model)
    assert now.by("slo", "servescope_slo_requests_total") == {"availability": 3, "latency": 3}
    assert now.by("slo", "servescope_slo_good_total") == {}


def test_a_language_model_that_is_left(truth_server, model_of):
    """Whoever left without a token after more than ttft_ms was failed, who left sooner says nothing; with tokens, these are judged
    as they came.
    """
    slo = "slo: {ttft_ms: 200, itl_ms: 200, availability_target: 99.9, abandoned_after_ms: 800}\n"
    model = model_of(ASYNC_CONFIG + slo, TOKENS)
    asks = [
        Ask(model.path, b"9", leave=after(0.05)),
        Ask(model.path, b"9", leave=after(0.5)),
        Ask(model.path, b"9", leave=after(1.2)),
        Ask(model.path, b"0 9", leave=after(1.2)),  # one token in time
        Ask(model.path, b"0.4 0 9", leave=after(1.2)),  # a late one, and one at once behind it
        Ask(model.path, b"0 0.4 9", leave=after(1.2)),  # one in time, and a slow one
        Ask(model.path, b"0 0 stop"),
    ]
    books = load(truth_server.ports["inference"], asks, len(asks))
    now = at_rest(truth_server, model)
    assert counted(now, model) == {"499": 6, "200": 1}
    assert_same_counts(now, model, books)
    about = now.by("slo", "servescope_slo_requests_total")
    assert about == {"ttft": 6, "itl": 3, "availability": 5}
    assert now.by("slo", "servescope_slo_good_total") == {"ttft": 3, "itl": 2, "availability": 4}
