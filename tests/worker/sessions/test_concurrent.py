"""A worker with an asynchronous handler: batches side by side, each on its own; cancelling ends only whom it is meant for."""

import gc

import pytest

from servescope.wire.blocking import ChannelClosed
from servescope.wire.messages import Batch, Cancel, Measuring, Stop
from worker.front import Front, request

SOURCE = """
import asyncio
import weakref
from ts.service import PredictionException
LIMIT = 100_000
gates = {}
contexts = []

def gate(name):
    return gates.setdefault(name, asyncio.Event())

async def handle(data, context):
    if data is None:
        return
    words = data[0]["body"].decode().split()
    if words[0] == "wait":
        await gate(words[1]).wait()
    elif words[0] == "open":
        gate(words[1]).set()
    elif words[0] == "long":
        context.send_partial(["x" * LIMIT], 200)
        if words[1] == "piece":
            context.send_partial(["y" * (LIMIT + 1)], 200)
        return ["z" * (LIMIT + 1)]
    elif words[0] == "contexts":
        return [str(sum(one() is not None for one in contexts))]
    elif words[0] == "raise":
        raise ValueError("no")
    elif words[0] == "refuse":
        raise PredictionException("no tea", 418)
    elif words[0] == "cancelled":
        part = asyncio.ensure_future(gate("never").wait())
        part.cancel()
        await part
    elif words[0] == "odd":
        raise GeneratorExit("no Exception")
    elif words[0] == "stubborn":
        try:
            await gate(words[1]).wait()
        except asyncio.CancelledError:
            pass
    elif words[0] == "header":
        context.set_response_header(0, "x", "\\udc80")
    elif words[0] == "stream":
        for number in range(2):
            context.send_partial([f"{number}"], 200)
            await asyncio.sleep(0)
    elif words[0] == "status":
        context.set_response_status(int(words[1]))
        context.metrics.add_counter("Seen", 1)
        await gate(words[2]).wait()
    contexts.append(weakref.ref(context))
    return [context.get_request_id(i) for i in range(len(data))]
"""


@pytest.fixture
def front(model):
    front = Front()
    loaded = front.load(
        model.directory, model.write("handler.py", SOURCE), answer_limit=100_000, measuring=Measuring(each=True)
    )
    assert (loaded.code, loaded.concurrent) == (200, True)
    yield front
    front.close()


def send(front, number, body, *more):
    front.send(Batch(number, [request(f"r{number}", body.encode()), *[request(name) for name in more]]))


def receive(front):
    reply, _ = front.receive()
    return reply.batch_id, reply.code, [bytes(part.data) for part in reply.parts]


def test_side_by_side(front):
    """A batch that waits does not hold up those that came later."""
    send(front, 1, "wait a")
    send(front, 2, "quick")
    assert receive(front) == (2, 200, [b"r2"])
    send(front, 3, "open a")
    assert sorted([receive(front), receive(front)]) == [(1, 200, [b"r1"]), (3, 200, [b"r3"])]


def test_each_has_its_own_context(front):
    """Status and metrics' request ids do not mix, though the batches overlap."""
    send(front, 1, "status 201 a")
    send(front, 2, "status 202 a")
    send(front, 3, "open a")
    replies = {reply.batch_id: reply for reply in (front.receive()[0] for _ in range(3))}
    assert [replies[number].parts[0].status for number in (1, 2, 3)] == [201, 202, 200]
    assert sorted(one.request_id for one in front.measured()) == ["r1", "r2"]


def test_errors_are_their_own_batchs(front, capsys):
    """The others do not notice."""
    send(front, 1, "wait a")
    send(front, 2, "raise")
    assert receive(front) == (2, 503, [])
    send(front, 3, "open a")
    assert {receive(front)[:2], receive(front)[:2]} == {(1, 200), (3, 200)}
    assert "r2" in capsys.readouterr().err


def test_a_header_that_no_message_can_hold(front):
    """Is its own request's fault."""
    front.send(Batch(1, [request("r1", b"header"), request("r2", b"x")]))
    reply, _ = front.receive()
    assert [part.error for part in reply.parts] == ["Invalid response header 'x': '\\\\udc80'", ""]
    send(front, 2, "quick")
    assert receive(front)[1] == 200


@pytest.mark.parametrize(("word", "deliberate"), [("refuse", True), ("raise", False)])
def test_a_prediction_exception_is_told_apart(front, capsys, word, deliberate):
    """It is the handler's own choice of an answer, for all of its batch."""
    send(front, 1, word, "another")
    reply, _ = front.receive()
    assert (reply.code, reply.deliberate) == (418 if deliberate else 503, deliberate)


def test_a_stream(front):
    """Pieces first, the final reply last."""
    send(front, 1, "stream")
    replies = [front.receive()[0] for _ in range(3)]
    assert [(reply.final, bytes(reply.parts[0].data)) for reply in replies] == [
        (False, b"0"),
        (False, b"1"),
        (True, b"r1"),
    ]


@pytest.mark.parametrize("word", ["piece", "whole"])
def test_an_answer_over_the_limit(front, capsys, word):
    """It is not sent, and its request fails alone."""
    send(front, 1, "wait a")
    send(front, 2, f"long {word}")
    piece, _ = front.receive()
    assert (piece.batch_id, piece.final, piece.parts[0].data) == (2, False, 100_000)
    reply, _ = front.receive()
    assert (reply.batch_id, reply.final, reply.code) == (2, word == "whole", 200)
    assert reply.parts[0].error == "an answer of 100001 bytes; max_response_size is 100000"
    assert "max_response_size" in capsys.readouterr().err
    if word == "piece":
        front.receive()
    send(front, 3, "open a")
    assert sorted([receive(front), receive(front)]) == [(1, 200, [b"r1"]), (3, 200, [b"r3"])]


def test_nothing_stays_of_a_batch(front):
    """Not even for the garbage collector, which seldom looks at what has lived for as long as a stream."""
    gc.disable()
    try:
        for number in range(5):
            send(front, number, "quick")
            assert receive(front)[1] == 200
        send(front, 9, "contexts")
        assert receive(front) == (9, 200, [b"0"])
    finally:
        gc.enable()


def test_cancelling(front):
    """The one whose client hung up is answered 499, which nobody reads; the others go on."""
    send(front, 1, "wait a")
    send(front, 2, "wait a")
    send(front, 9, "quick")  # once this is answered, the others are under way
    assert receive(front)[0] == 9
    front.send(Cancel(1, "r1"))
    assert receive(front)[:2] == (1, 499)
    front.send(Cancel(1, "r1"))
    front.send(Cancel(2, "unknown"))
    send(front, 3, "open a")
    assert {receive(front)[:2], receive(front)[:2]} == {(2, 200), (3, 200)}


@pytest.mark.parametrize("word", ["cancelled", "odd"])
def test_what_is_no_exception(front, word):
    """Fails its request at once like any error, whose client is there and must not be told that it has gone."""
    send(front, 1, word)
    assert receive(front)[:2] == (1, 503)
    send(front, 2, "quick")
    assert receive(front)[:2] == (2, 200)


def test_cancelling_at_once(front):
    """A client may hang up before the handler has begun: there is a reply all the same, or the front end would wait for it."""
    batch = Batch(1, [request("r1", b"wait a")])
    for message in (batch, Cancel(1, "r1")):
        front.send(message)
    assert receive(front)[:2] == (1, 499)


def test_cancelling_in_one_read(front):
    """The same, with both certain to be read together."""
    from servescope.wire.frames import encode

    for number in range(20):
        data = encode(Batch(number, [request(f"q{number}", b"wait a")])) + encode(Cancel(number, f"q{number}"))
        front.near.sendall(bytes(data))
        assert receive(front)[:2] == (number, 499)


def test_cancelling_one_of_a_batch(front):
    """The others of the batch still want their answers: only when all have gone is it cancelled."""
    send(front, 1, "wait a", "other")
    send(front, 9, "quick")
    assert receive(front)[0] == 9
    front.send(Cancel(1, "other"))
    send(front, 2, "open a")
    assert sorted([receive(front), receive(front)]) == [(1, 200, [b"r1", b"other"]), (2, 200, [b"r2"])]
    send(front, 3, "wait b", "more")
    send(front, 9, "quick")
    assert receive(front)[0] == 9
    front.send(Cancel(3, "r3"))
    front.send(Cancel(3, "more"))
    assert receive(front)[:2] == (3, 499)


def test_cancelling_one_of_two_with_the_same_id(front):
    """Clients choose ids: the one who hangs up takes nothing from the other, and the end of one hides nothing of the other's."""
    front.send(Batch(1, [request("twin", b"wait a")]))
    front.send(Batch(2, [request("twin", b"wait b")]))
    front.send(Batch(3, [request("twin", b"wait a")]))
    front.send(Cancel(1, "twin"))
    assert receive(front)[:2] == (1, 499)
    send(front, 4, "open a")
    assert sorted([receive(front), receive(front)]) == [(3, 200, [b"twin"]), (4, 200, [b"r4"])]
    front.send(Cancel(2, "twin"))
    assert receive(front)[:2] == (2, 499)


def test_a_handler_that_will_not_be_cancelled(front):
    """Its answer is as good as any."""
    send(front, 1, "stubborn a")
    send(front, 9, "quick")
    assert receive(front)[0] == 9
    front.send(Cancel(1, "r1"))
    assert receive(front) == (1, 200, [b"r1"])


def test_stopping_finishes_what_is_in_hand(front):
    """And then ends with 0."""
    send(front, 1, "wait a")
    send(front, 2, "open a")
    front.send(Stop())
    assert {receive(front)[0], receive(front)[0]} == {1, 2}
    assert front.join() == 0


def test_the_front_end_goes(front):
    """What is under way is dropped, and the worker ends."""
    send(front, 1, "wait a")
    send(front, 9, "quick")
    assert receive(front)[0] == 9
    front.near.close()
    assert isinstance(front.join(), ChannelClosed)
