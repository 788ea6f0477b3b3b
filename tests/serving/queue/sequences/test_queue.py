"""The queue that keeps sequences: in order, each at its worker, ended for a reason, and nobody left without an answer."""

import asyncio

import pytest

from fleet.clock import run, settle, until
from fleet.scripted import concurrent, obliging, silent
from servescope.errors import RequestTimeout, ServiceUnavailable, WorkerFailed
from servescope.wire.messages import Part, Reply
from serving.parts import job, sent
from serving.queue.sequences.kept import Kept


def test_one_request_of_a_sequence_at_a_time():
    """The next goes when the one before is answered, and not beside it, though the batch has room."""

    async def main():
        kept = Kept(batch_size=4)
        await settle()
        calls = [kept.ask(name, "s") for name in "abc"]
        await settle()
        assert (sent(kept.lives[0]), len(kept.queue)) == (["a"], 2)
        kept.answer(0, 0)
        await settle()
        assert sent(kept.lives[0]) == ["a", "b"]
        kept.answer(0, 1)
        await settle()
        kept.answer(0, 2)
        assert [bytes((await call.future).body) for call in calls] == [b"a", b"b", b"c"]
        assert (kept.open, kept.begun("implied"), len(kept.queue), kept.queue.in_hand) == (1, 1, 0, 0)

    run(main())


def test_a_batch_has_requests_of_several_sequences():
    """As many as fill it, the first to come first; it waits for others as any batch does."""

    async def main():
        kept = Kept(batch_size=3, delay_ms=100)
        await settle()
        for name, sequence in ("ax", "bx", "cy", "dz", "ew"):
            kept.ask(name, sequence)
        await settle()
        assert sent(kept.lives[0]) == ["acd"]
        kept.answer(0, 0)
        await settle()
        assert sent(kept.lives[0]) == ["acd"]
        await asyncio.sleep(0.11)
        assert sent(kept.lives[0]) == ["acd", "eb"]

    run(main())


def test_a_sequence_keeps_its_worker():
    """And sequences are dealt out evenly."""

    async def main():
        kept = Kept(obliging, workers=2)
        await settle()
        for name, sequence in ("ax", "by", "cx", "dy", "ex", "fz"):
            await kept.ask(name, sequence).future
            await settle()
        assert [sent(life) for life in kept.lives] == [["a", "c", "e", "f"], ["b", "d"]]

    run(main())


def test_requests_before_the_first_worker_is_there():
    """They wait, and are answered in order."""

    async def main():
        kept = Kept(obliging, workers=2)
        calls = [kept.ask(name, sequence) for name, sequence in ("ax", "by", "cx")]
        assert len(kept.queue) == 3
        assert [bytes((await call.future).body) for call in calls] == [b"a", b"b", b"c"]

    run(main())


def test_a_request_without_an_id_has_a_sequence_of_its_own():
    """Its handler sees the id, and that it starts, as in TorchServe; a client that was told the id goes on with it."""

    async def main():
        kept = Kept(obliging)
        await settle()
        first = kept.ask("a")
        await first.future
        name = first.job.request.extra["ts_request_sequence_id"]
        assert name.startswith("ts-seq-")
        assert first.job.request.extra["ts_request_sequence_start"] == "true"
        await kept.ask("b", name).future
        assert (kept.open, kept.begun("unnamed"), kept.begun("implied")) == (1, 1, 0)

    run(main())


def test_a_client_ends_its_sequence():
    """With the answer to the request that says so; one behind it begins another of the same id."""

    async def main():
        kept = Kept()
        await settle()
        kept.ask("a", "s", start=True)
        kept.ask("b", "s", end=True)
        await settle()
        kept.answer(0, 0)
        await settle()
        assert (kept.open, kept.ended("ended")) == (1, 0)
        kept.answer(0, 1)
        assert (kept.open, kept.ended("ended"), kept.begun("started")) == (0, 1, 1)
        kept.ask("c", "s", end=True)
        kept.ask("d", "s")
        await settle()
        kept.answer(0, 2)
        assert (kept.open, kept.ended("ended"), kept.begun("implied"), sent(kept.lives[0])) == (1, 2, 2, [*"abcd"])

    run(main())


def test_a_sequence_that_starts_twice():
    """What was is over, when its requests are answered; the new one has the same worker, whose handler is told that it starts."""

    async def main():
        kept = Kept(workers=2)
        await settle()
        kept.ask("a", "s", start=True)
        kept.ask("b", "s")
        kept.ask("c", "s", start=True)
        await settle()
        kept.answer(0, 0)
        assert kept.ended("restarted") == 0
        kept.answer(0, 1)
        assert (kept.ended("restarted"), kept.begun("started"), kept.open) == (1, 2, 1)
        assert sent(kept.lives[0]) == [*"abc"]

    run(main())


def test_a_sequence_that_never_ends():
    """It is over when it has been idle for its time, which counts from its last answer."""

    async def main():
        loop = asyncio.get_running_loop()
        kept = Kept(idle_s=10.0)
        await settle()
        kept.ask("a", "s")
        await asyncio.sleep(100)
        assert kept.open == 1
        kept.answer(0, 0)
        await asyncio.sleep(9)
        assert kept.count("servescope_sequences_idle_longest_seconds", "m", "1.0") == 9
        kept.ask("b", "s")
        assert kept.count("servescope_sequences_idle_longest_seconds", "m", "1.0") == 0
        kept.answer(0, 1)
        since = loop.time()
        await until(lambda: not kept.open, 0.5)
        assert loop.time() - since == pytest.approx(10.0)
        assert (kept.ended("idle"), kept.begun("implied")) == (1, 1)

    run(main())


def test_idle_sequences_end_though_others_go_on():
    """Each by its own time, also where the timer was set for another's."""

    async def main():
        kept = Kept(obliging, idle_s=10.0, age_s=1000.0)
        await settle()
        await kept.ask("a", "x").future
        await asyncio.sleep(6)
        await kept.ask("b", "y").future
        await asyncio.sleep(5)
        assert (kept.open, kept.ended("idle")) == (1, 1)
        await kept.ask("c", "y").future
        await asyncio.sleep(8)
        assert kept.open == 1
        await asyncio.sleep(3)
        assert (kept.open, kept.ended("idle")) == (0, 2)

    run(main())


def test_a_sequence_that_is_too_old():
    """What waits of it is refused, what its worker has is answered; a start makes it young again."""

    async def main():
        kept = Kept(age_s=10.0)
        await settle()
        first, second = kept.ask("a", "s"), kept.ask("b", "s")
        await asyncio.sleep(11)
        with pytest.raises(ServiceUnavailable, match="The sequence 's' is over: it is older than sequenceTimeoutMSec"):
            await second.future
        assert (kept.open, kept.ended("timeout"), kept.rejected("sequence_over")) == (0, 1, 1)
        kept.answer(0, 0)
        assert bytes((await first.future).body) == b"a"
        kept.ask("c", "s")
        kept.answer(0, 1)
        await asyncio.sleep(9)
        kept.ask("d", "s", start=True)
        await asyncio.sleep(9)
        assert (kept.open, kept.ended("timeout")) == (1, 1)

    run(main())


def test_more_sequences_than_may_be_open():
    """One more is refused, until one has ended; requests of those that are open are not."""

    async def main():
        kept = Kept(obliging, most=2)
        await settle()
        kept.ask("a", "x")
        await kept.ask("b", "y").future
        with pytest.raises(ServiceUnavailable, match=r"open as may be \(maxNumSequence 2\)"):
            kept.ask("c", "z")
        await kept.ask("d", "x", end=True).future
        await settle()
        await kept.ask("e", "z").future
        assert (kept.rejected("sequence_limit"), kept.open) == (1, 2)

    run(main())


def test_as_many_sequences_as_the_workers_take_at_once():
    """Whatever maxNumSequence says, and also when there are more workers later."""

    async def main():
        kept = Kept(most=1, batch_size=2)
        await settle()
        for name in "ab":
            kept.ask(name, name)
        with pytest.raises(ServiceUnavailable, match="maxNumSequence 2"):
            kept.ask("c", "c")
        kept.pool.grow(2)
        await settle()
        for name in "cd":
            kept.ask(name, name)
        assert (kept.open, kept.rejected("sequence_limit")) == (4, 1)

    run(main())


def test_more_requests_of_a_sequence_than_may_wait():
    """That whose turn it is does not wait, as in TorchServe."""

    async def main():
        kept = Kept(waiting=1)
        await settle()
        for name in "ab":
            kept.ask(name, "s")
        with pytest.raises(ServiceUnavailable, match=r"maxSequenceJobQueueSize 1"):
            kept.ask("c", "s")
        kept.ask("d", "other")
        assert kept.rejected("sequence_full") == 1
        kept.ask("e", "other")
        with pytest.raises(ServiceUnavailable):
            kept.ask("f", "other")

    run(main())


def test_a_worker_dies_with_what_it_remembers():
    """Who waits is told, and so is the next who comes to go on with one that was idle; then the id is free."""

    async def main():
        kept = Kept()
        await settle()
        kept.ask("a", "idle")
        kept.answer(0, 0)
        at_work, waits = kept.ask("b", "busy"), kept.ask("c", "busy")
        await settle()
        kept.lives[0].die(3)
        await settle()
        with pytest.raises(WorkerFailed, match="Worker died"):
            await at_work.future
        with pytest.raises(ServiceUnavailable, match="its worker has died, and what it remembered is gone"):
            await waits.future
        assert (kept.open, kept.ended("worker_died")) == (0, 2)
        await until(lambda: len(kept.lives) == 2)
        await settle()
        with pytest.raises(ServiceUnavailable, match="The sequence 'idle' is over"):
            kept.ask("d", "idle")
        kept.ask("e", "idle")
        kept.ask("f", "busy")
        await settle()
        assert (sent(kept.lives[1]), kept.open, kept.rejected("sequence_over")) == (["e"], 2, 2)

    run(main())


@pytest.mark.parametrize("leaves", ["hangs up", "has waited for too long"])
def test_a_worker_dies_and_its_client_has_gone(leaves):
    """A client that left before heard nothing of it, so the next who comes is told."""

    async def main():
        kept = Kept(client_ms=100 * (leaves != "hangs up"))
        await settle()
        kept.ask("a", "s")
        kept.answer(0, 0)
        left = kept.ask("b", "s")
        await settle()
        if leaves == "hangs up":
            kept.queue.abandon(left.job)
        else:
            with pytest.raises(RequestTimeout):
                await left.future
        kept.lives[0].die(3)
        await until(lambda: len(kept.lives) == 2)
        await settle()
        with pytest.raises(ServiceUnavailable, match="The sequence 's' is over"):
            kept.ask("c", "s")
        kept.ask("d", "s")
        assert (kept.ended("worker_died"), kept.rejected("sequence_over"), kept.open) == (1, 1, 1)

    run(main())


def test_a_worker_dies_after_its_handler_failed():
    """That a request failed by itself is no word of its worker's end, which comes later."""

    async def main():
        kept = Kept()
        await settle()
        failed = kept.ask("a", "s")
        await settle()
        kept.lives[0].fail(kept.lives[0].batches[0], 500, "no")
        with pytest.raises(WorkerFailed, match="no"):
            await failed.future
        kept.lives[0].die(3)
        await until(lambda: len(kept.lives) == 2)
        await settle()
        with pytest.raises(ServiceUnavailable, match="The sequence 's' is over"):
            kept.ask("b", "s")

    run(main())


def test_a_worker_dies_with_more_sequences_than_most_models_have():
    """As many as may be open are remembered, so each is told."""

    async def main():
        many = 10_001
        kept = Kept(obliging, most=many)
        await settle()
        for number in range(many):
            kept.ask("a", f"s{number}")
        await until(lambda: not kept.queue.in_hand and not len(kept.queue))
        kept.lives[0].die(3)
        await until(lambda: len(kept.lives) == 2)
        for number in (0, many - 1):
            with pytest.raises(ServiceUnavailable, match="is over"):
                kept.ask("b", f"s{number}")

    run(main())


def test_a_sequence_of_a_dead_worker_that_starts_anew():
    """A start needs no telling."""

    async def main():
        kept = Kept(obliging, workers=2)
        await settle()
        await kept.ask("a", "s").future
        kept.lives[0].die(3)
        await settle()
        assert bytes((await kept.ask("b", "s", start=True).future).body) == b"b"
        assert sent(kept.lives[1]) == ["b"]

    run(main())


def test_a_worker_is_taken_away():
    """Its sequences end; what it has in hand is answered, and others go on at theirs."""

    async def main():
        kept = Kept(workers=2)
        await settle()
        first = kept.ask("a", "x")
        second, waits = kept.ask("b", "y"), kept.ask("c", "y")
        await settle()
        kept.pool.shrink(1)
        assert (kept.open, kept.ended("worker_retired")) == (1, 1)
        gone = kept.lives.index(next(life for life in kept.lives if sent(life) == ["b"]))
        kept.answer(gone, 0)
        assert bytes((await second.future).body) == b"b"
        with pytest.raises(ServiceUnavailable, match="was taken away"):
            await waits.future
        kept.answer(1 - gone, 0)
        await first.future
        kept.ask("d", "x")
        assert sent(kept.lives[1 - gone]) == ["a", "d"]

    run(main())


def test_a_client_that_hangs_up():
    """Its request leaves the line, or is finished for nobody; its sequence goes on."""

    async def main():
        kept = Kept()
        await settle()
        first, second, third = (kept.ask(name, "s") for name in "abc")
        await settle()
        kept.queue.abandon(second.job)
        kept.queue.abandon(first.job)
        assert (len(kept.queue), kept.lives[0].cancelled) == (1, ["a"])
        kept.answer(0, 0)
        await settle()
        kept.answer(0, 1)
        assert bytes((await third.future).body) == b"c"
        kept.ask("d", "s")
        lone = kept.ask("e", "other")
        await settle()
        kept.queue.abandon(lone.job)
        await asyncio.sleep(11)
        assert (kept.open, kept.ended("idle")) == (1, 1)

    run(main())


def test_a_request_that_waits_too_long():
    """It leaves its sequence, and the next has its turn."""

    async def main():
        kept = Kept(client_ms=1000)
        await settle()
        first, second = kept.ask("a", "s"), kept.ask("b", "s")
        await asyncio.sleep(0.5)
        third = kept.ask("c", "s")
        await asyncio.sleep(0.6)
        for call in (first, second):
            with pytest.raises(RequestTimeout):
                await call.future
        kept.answer(0, 0)
        await settle()
        assert sent(kept.lives[0]) == ["a", "c"]
        kept.answer(0, 1)
        await third.future

    run(main())


def test_the_handler_ends_sequences():
    """By a header of its answer, ids with `;` between: others than its own too, and those who wait are told."""

    async def main():
        kept = Kept(workers=1)
        await settle()
        kept.ask("a", "x")
        kept.answer(0, 0)
        kept.ask("b", "y")
        waits = kept.ask("c", "y")
        await settle()
        batch = kept.lives[0].batches[1]
        said = {"TS_request_sequence_end": " y ; x;nobody"}
        kept.lives[0].say(Reply(batch.id, True, 200, "", [Part(200, said, b"")], 0.0, {"prediction": 0.001}))
        with pytest.raises(ServiceUnavailable, match="its handler has ended it"):
            await waits.future
        assert (kept.open, kept.ended("handler")) == (0, 2)

    run(main())


def test_a_sequence_goes_on_while_an_answer_streams():
    """Where the handler takes requests any time; in order, and on the same worker."""

    async def main():
        kept = Kept(concurrent, workers=2, overlaps=True, at_once=2, batch_size=2, delay_ms=100)
        await settle()
        first = kept.ask("a", "s", start=True)
        kept.lives[0].answer(kept.lives[0].batches[0], final=False)
        kept.ask("b", "s")
        kept.ask("c", "s", end=True)
        assert sent(kept.lives[0]) == ["a", "b"]
        kept.answer(0, 1)
        await settle()
        assert sent(kept.lives[0]) == ["a", "b", "c"]
        kept.answer(0, 2)
        assert (kept.open, first.end) == (1, None)
        kept.answer(0, 0)
        assert (kept.open, kept.ended("ended"), first.end) == (0, 1, True)

    run(main())


def test_a_request_behind_the_last_of_its_sequence_begins_another():
    """Also where both are in the worker's hands at once."""

    async def main():
        kept = Kept(concurrent, overlaps=True, at_once=4)
        await settle()
        kept.ask("a", "s", end=True)
        kept.ask("b", "s")
        kept.answer(0, 0)
        kept.answer(0, 1)
        assert (kept.open, kept.ended("ended"), kept.begun("implied")) == (1, 1, 2)

    run(main())


def test_a_job_alone_belongs_to_no_sequence():
    """A description goes to whoever is free, and to nobody's sequence; as many wait as the queue has room for."""

    async def main():
        kept = Kept()
        await settle()
        kept.ask("a", "s")
        calls = [job("D", alone=True) for _ in range(6)]
        for call in calls[:5]:
            kept.queue.submit(call.job)
        with pytest.raises(ServiceUnavailable, match="The queue is full"):
            kept.queue.submit(calls[5].job)
        await settle()
        kept.queue.abandon(calls[4].job)
        for number in range(5):
            kept.answer(0, number)
            await settle()
        assert (sent(kept.lives[0]), kept.open) == (["a", *"DDDD"], 1)

    run(main())


def test_bodies_that_do_not_fit_one_frame_together():
    """They go one after the other; one that fits none fails alone, and its sequence goes on."""

    async def main():
        kept = Kept(batch_size=2, frame_limit=1000)
        await settle()
        kept.ask("z", "first")
        await settle()
        kept.ask("a", "x", body=b"b" * 600)
        kept.ask("b", "y", body=b"b" * 600)
        kept.answer(0, 0)
        await settle()
        kept.answer(0, 1)
        await settle()
        assert sent(kept.lives[0]) == ["z", "a", "b"]

    run(main())


def test_nobody_is_left_to_wait_for():
    """Those who wait are told so, and sequences that never had a worker end by themselves."""

    async def main():
        kept = Kept(silent)
        call = kept.ask("a", "s")
        kept.pool.shrink(0)
        with pytest.raises(ServiceUnavailable):
            await call.future
        assert (len(kept.queue), kept.open) == (0, 1)
        await asyncio.sleep(11)
        assert kept.open == 0
        await kept.queue.drain()

    run(main())


def test_series_go_with_the_model():
    """The gauges at once, the counters later."""

    async def main():
        kept = Kept(obliging)
        await settle()
        await kept.ask("a", "s").future
        assert kept.open == 1
        kept.model_recorder.detach()
        assert (kept.open, kept.begun("implied")) == (0, 1)
        kept.model_recorder.remove()
        assert kept.begun("implied") == 0

    run(main())
