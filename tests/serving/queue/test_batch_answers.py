"""Answers of a batch, some of which no client can have: each job is told of its own."""

import asyncio

import pytest

from fleet.clock import run, settle
from fleet.scripted import silent
from servescope.errors import Raised, WorkerFailed
from servescope.wire.messages import Part, Reply, Unread
from serving.parts import Served

TOO_LARGE = Part(500, {}, b"", "an answer of 11 bytes; max_response_size is 10")


def reply(batch, *parts, final=True):
    return Reply(batch.id, final, 200, "", list(parts), 0.0, {"prediction": 0.001} if final else {})


async def batch_of(served, *names):
    await settle()
    calls = served.submit(*names)
    await settle()
    life = served.lives[0]
    return life, life.batches[-1], calls


def test_neighbours_have_theirs():
    """The others are answered, and the worker is free for the next."""

    async def main():
        served = Served(silent, batch_size=3, delay_ms=10_000)
        life, batch, calls = await batch_of(served, *"abc")
        life.say(reply(batch, Part(200, {}, b"A"), TOO_LARGE, Part(200, {}, b"C")))
        answers = await asyncio.gather(*(call.future for call in calls), return_exceptions=True)
        assert [answers[0].body, answers[2].body] == [b"A", b"C"]
        assert isinstance(answers[1], WorkerFailed)
        assert (answers[1].code, str(answers[1])) == (500, TOO_LARGE.error)
        life, batch, _ = await batch_of(served, *"def")
        assert not life.killed

    run(main())


def test_a_body_that_the_worker_cannot_read():
    """Its request fails, and the answers that follow are those of the others."""

    async def main():
        served = Served(silent, batch_size=3, delay_ms=10_000)
        life, batch, calls = await batch_of(served, *"abc")
        life.say(Unread(batch.id, [(1, "it is gone")]))
        life.say(reply(batch, Part(200, {}, b"A"), Part(200, {}, b"C")))
        answers = await asyncio.gather(*(call.future for call in calls), return_exceptions=True)
        assert [answers[0].body, answers[2].body] == [b"A", b"C"]
        assert (answers[1].code, str(answers[1])) == (500, "The worker cannot read the request's body: it is gone")
        await batch_of(served, *"def")
        assert len(life.batches) == 2

    run(main())


def test_none_that_the_worker_can_read():
    """All fail, and the worker is free for the next; what it says of a batch that is over is nothing."""

    async def main():
        served = Served(silent, batch_size=2, delay_ms=10_000)
        life, batch, calls = await batch_of(served, *"ab")
        life.say(Unread(batch.id, [(0, "gone"), (1, "gone too")]))
        assert calls[0].job.work.waits_since == 0.0
        life.say(Reply(batch.id, True, 500, "", [], 0.0, {}))
        answers = await asyncio.gather(*(call.future for call in calls), return_exceptions=True)
        assert [str(answer).rpartition(": ")[2] for answer in answers] == ["gone", "gone too"]
        life.say(Unread(batch.id, [(0, "gone")]))
        life, batch, _ = await batch_of(served, *"cd")
        assert (len(life.batches), life.killed) == (2, False)

    run(main())


def test_a_piece_breaks_its_own_stream():
    """The worker is told that nobody waits for more of it; the other streams go on to their ends."""

    async def main():
        served = Served(silent, batch_size=2, delay_ms=10_000)
        life, batch, [one, two] = await batch_of(served, *"ab")
        life.say(reply(batch, Part(200, {}, b"1"), Part(200, {}, b"1"), final=False))
        life.say(reply(batch, TOO_LARGE, Part(200, {}, b"2"), final=False))
        life.say(reply(batch, TOO_LARGE, Part(200, {}, b""), final=False))
        await settle()
        assert (one.pieces, str(one.end), life.cancelled) == ([b"1"], TOO_LARGE.error, ["a"])
        life.say(reply(batch, Part(200, {}, b"3"), Part(200, {}, b"3")))
        assert (one.pieces, two.pieces, two.end) == ([b"1"], [b"1", b"2", b"", b"3"], True)

    run(main())


@pytest.mark.parametrize("final", [True, False])
def test_whose_client_has_gone(final):
    """Is nobody's affair any more."""

    async def main():
        served = Served(silent)
        life, batch, [call] = await batch_of(served, "a")
        served.dispatcher.abandon(call.job)
        life.say(reply(batch, TOO_LARGE, final=final))
        assert not call.future.done()

    run(main())


def test_what_was_raised_for_one_alone_is_told_of():
    """As where all of a batch failed: traces have it."""

    async def main():
        served = Served(silent, batch_size=2, delay_ms=10_000)
        raised = Raised("ValueError", "no", "Traceback")
        life, batch, calls = await batch_of(served, *"ab")
        life.say(reply(batch, Part(200, {}, b"A"), Part(503, {}, b"", "Prediction failed", raised=raised)))
        answers = await asyncio.gather(*(call.future for call in calls), return_exceptions=True)
        assert answers[1].raised == raised

    run(main())
