"""The queue and its batches: formed in time, given to whoever is free, and nothing in them ever forgotten."""

import asyncio

import pytest

from fleet.clock import run, settle
from fleet.scripted import concurrent, crashing, mute, obliging, silent, talking
from servescope.errors import RequestTimeout, ServiceUnavailable, WorkerFailed
from servescope.metrics.recording.requests.recorder import ALONE, MOST
from servescope.metrics.recording.requests.times import BatchTimes
from serving.parts import Served, job, sent

UNREACHABLE = (
    "has no worker to serve inference request. Please use scale workers API to add workers. "
    "If this is a sequence inference, please check if it is closed, or expired; or exceeds maxSequenceJobQueueSize"
)


async def body_of(one):
    return bytes((await one.future).body)


def test_jobs_wait_for_the_first_worker():
    """What is submitted while the workers load is queued, then answered each with its own."""

    async def main():
        served = Served()
        jobs = served.submit("a", "b", "c")
        assert len(served.dispatcher) == 3
        assert [await body_of(one) for one in jobs] == [b"a", b"b", b"c"]
        assert len(served.dispatcher) == 0
        assert served.count("PredictionTime", "m", "Model", "h") > 0

    run(main())


def test_recording_catches_up_while_a_worker_is_at_its_batch():
    """What was noted of requests is recorded, when the batch has been sent and not before: a step, however many are sent."""

    async def main():
        served = Served(silent, workers=3)
        await settle()
        requests = served.model_recorder.requests
        times = BatchTimes(10.0, 10.0, 1, "W")
        times.answered(10.0, 11.0, {"prediction": 0.5}, handled=True)
        for _ in range(MOST):
            requests.finished_plainly((10.0, 12.0, times, 1, 2, "id", "default", ("POST", "/")))
        served.submit("a", "b", "c")
        assert requests.unrecorded == MOST
        await settle()
        assert [sent(life) for life in served.lives] == [["a"], ["b"], ["c"]]
        assert (requests.unrecorded, served.recorder.spare.due) == (0, True)  # nothing is folded yet

    run(main())


@pytest.mark.parametrize(("names", "left"), [("a", 0), ("ab", ALONE)])
def test_steps_are_short_for_a_request_that_comes_alone(names, left):
    """And long where others wait for the same worker."""

    async def main():
        served = Served(silent)
        await settle()
        requests, spare = served.model_recorder.requests, served.recorder.spare
        times = BatchTimes(10.0, 10.0, 1, "W")
        times.answered(10.0, 11.0, {"prediction": 0.5}, handled=True)
        row = (10.0, 12.0, times, 1, 2, "id", "default", ("POST", "/"))
        for _ in range(MOST):
            requests.finished_plainly(row)
        while spare.due:
            spare.use(alone=True)  # as are those that come then
        for _ in range(ALONE):
            requests.finished_plainly(row)
        served.submit(*names)
        await settle()
        assert requests.unrecorded == left

    run(main())


def test_a_full_batch_does_not_wait():
    """Neither does an idle worker without a delay."""

    async def main():
        served = Served(silent, batch_size=2, delay_ms=1000)
        served.submit("a", "b", "c")
        await settle()
        assert sent(served.lives[0]) == ["ab"]
        undelayed = Served(silent, batch_size=2, delay_ms=0)
        await settle()
        undelayed.submit("x")
        assert sent(undelayed.lives[0]) == ["x"]

    run(main())


def test_a_batch_goes_when_its_delay_is_over():
    """The delay runs from the first request that a free worker met; later ones join."""

    async def main():
        loop = asyncio.get_running_loop()
        served = Served(batch_size=8, delay_ms=100)
        await settle()
        first = served.submit("a")[0]
        await asyncio.sleep(0.06)
        second = served.submit("b")[0]
        await first.future
        assert loop.time() == pytest.approx(0.1)
        assert (sent(served.lives[0]), second.future.done()) == (["ab"], True)
        third = served.submit("c")[0]
        await third.future
        assert loop.time() == pytest.approx(0.2)

    run(main())


def test_a_batch_that_fills_ends_its_delay():
    """And the next one gets a whole delay of its own."""

    async def main():
        loop = asyncio.get_running_loop()
        served = Served(batch_size=2, delay_ms=100)
        await settle()
        served.submit("a")
        await asyncio.sleep(0.09)
        served.submit("b")
        await settle()
        late = served.submit("c")[0]
        await late.future
        assert loop.time() == pytest.approx(0.19)
        assert sent(served.lives[0]) == ["ab", "c"]

    run(main())


def test_the_delay_of_a_queue_without_a_free_worker():
    """What has waited for a worker waits no longer than the delay after that."""

    async def main():
        served = Served(silent, batch_size=4, delay_ms=100)
        await settle()
        served.submit("a", "b", "c", "d")
        served.submit("e")
        await asyncio.sleep(1)
        assert sent(served.lives[0]) == ["abcd"]
        served.lives[0].answer(served.lives[0].batches[0])
        await asyncio.sleep(0.11)
        assert sent(served.lives[0]) == ["abcd", "e"]

    run(main())


def test_a_job_alone():
    """A describe request shares its batch with nobody, keeps its place, and does not count as inference."""

    async def main():
        served = Served(silent, batch_size=4)
        for one in (job("a"), job("b"), job("D", alone=True), job("c"), job("d")):
            served.dispatcher.submit(one.job)
        await settle()
        life = served.lives[0]
        for number in range(3):
            life.answer(life.batches[number])
        assert sent(life) == ["ab", "D", "cd"]
        prediction = served.count("PredictionTime", "m", "Model", "h")
        other = Served(silent)
        other.submit("D", alone=True)
        await settle()
        other.lives[0].answer(other.lives[0].batches[0])
        assert prediction > 0
        assert other.count("PredictionTime", "m", "Model", "h") == 0

    run(main())


def test_workers_take_turns():
    """The one that waits longest is next."""

    async def main():
        served = Served(workers=3)
        await settle()
        for name in "abcdef":
            await served.submit(name)[0].future
            await settle()
        assert [sent(life) for life in served.lives] == [["a", "d"], ["b", "e"], ["c", "f"]]

    run(main())


def test_one_at_a_time_each():
    """Busy workers get nothing more; the queue holds the rest, in order."""

    async def main():
        served = Served(silent, workers=2)
        served.submit(*"abcde")
        await settle()
        one, two = served.lives
        assert (sent(one), sent(two), len(served.dispatcher)) == (["a"], ["b"], 3)
        two.answer(two.batches[0])
        assert (sent(one), sent(two), len(served.dispatcher)) == (["a"], ["b", "c"], 2)

    run(main())


def test_concurrent_workers_share_evenly():
    """They take all there is; the one with the least in hand is next."""

    async def main():
        served = Served(concurrent, workers=2)
        await settle()
        served.submit(*"abcd")
        one, two = served.lives
        assert (sorted(map(len, (one.batches, two.batches))), len(served.dispatcher)) == ([2, 2], 0)
        for batch in one.batches:
            one.answer(batch)
        served.submit(*"ef")
        assert (len(one.batches), len(two.batches)) == (4, 2)

    run(main())


def test_a_replica_whose_engine_is_full_gets_less():
    """What the engines say counts beside what the front end has sent; equals take turns."""

    async def main():
        served = Served(talking, workers=2)
        await settle()
        one, two = served.lives
        one.report(running=2, waiting=1)
        served.submit(*"abc")
        assert (sent(one), sent(two)) == ([], ["a", "b", "c"])
        served.submit(*"de")
        assert sorted(map(len, (one.batches, two.batches))) == [1, 4]
        one.report(running=1)
        served.submit(*"fg")
        assert (len(one.batches), len(two.batches)) == (3, 4)

    run(main())


def test_a_language_model_takes_batches_of_one(caplog):
    """Whatever batchSize says, which is warned about once, and without its delay: the engine batches."""

    async def main():
        served = Served(talking, workers=2, batch_size=4, delay_ms=1000)
        jobs = served.submit(*"ab")
        await settle()
        assert sorted(name for life in served.lives for name in sent(life)) == ["a", "b"]
        for life in served.lives:
            for batch in life.batches:
                life.answer(batch)
        assert [await body_of(one) for one in jobs] == [b"a", b"b"]
        assert served.dispatcher.options.batch_size == 1
        warnings = [record.getMessage() for record in caplog.records if "batchSize" in record.getMessage()]
        assert warnings == ["Model m: batchSize 4 has no effect: a language model's engine forms the batches"]

    run(main())


def test_a_concurrent_worker_takes_so_many_at_once():
    """The others wait in the queue, which is bounded and counted; they go as soon as one is answered, or leaves."""

    async def main():
        served = Served(talking, workers=2, at_once=2, capacity=2)
        await settle()
        jobs = served.submit(*"abcdef")
        lives = served.lives
        assert [sent(life) for life in lives] == [["a", "c"], ["b", "d"]]
        assert len(served.dispatcher) == 2
        with pytest.raises(ServiceUnavailable, match="no worker to serve"):
            served.submit("g")
        assert served.rejected("queue_full") == 1
        lives[1].answer(lives[1].batches[0])
        assert sent(lives[1]) == ["b", "d", "e"]
        lives[0].answer(lives[0].batches[0])
        assert sent(lives[0]) == ["a", "c", "f"]
        assert [await body_of(jobs[number]) for number in (0, 1)] == [b"a", b"b"]

    run(main())


def test_a_concurrent_worker_that_was_retired_gets_no_more():
    """The other takes it all, and what the retired one holds is answered."""

    async def main():
        served = Served(concurrent, workers=2)
        await settle()
        jobs = served.submit(*"ab")
        served.pool.shrink(1)
        served.submit(*"cd")
        for life in served.lives:
            for batch in life.batches:
                life.answer(batch)
        assert [await body_of(one) for one in jobs] == [b"a", b"b"]
        assert sorted(len(life.batches) for life in served.lives) == [1, 3]

    run(main())


def test_attachments_travel_in_the_order_of_the_requests():
    """So that the worker takes each request's own."""

    async def main():
        served = Served(silent, batch_size=3)
        served.dispatcher.submit(job("a", body=b"one").job)
        served.dispatcher.submit(job("b").job)
        served.dispatcher.submit(job("c", body=b"three").job)
        await settle()
        assert served.lives[0].bodies == [b"one", b"three"]

    run(main())


def test_queue_full():
    """503 at once, in TorchServe's words with the version as the client wrote it, which are not all that is said; counted."""

    async def main():
        served = Served(mute, capacity=2)
        served.submit("a", "b")
        with pytest.raises(ServiceUnavailable) as caught:
            served.submit("c")
        told = f'Model "m" {UNREACHABLE} The queue is full (2).'
        assert (str(caught.value), caught.value.why, caught.value.retry_after_s) == (told, "queue_full", 1)
        with pytest.raises(ServiceUnavailable) as caught:
            served.submit("d", label="2.0")
        assert str(caught.value) == f'Model "m" Version 2.0" {UNREACHABLE} The queue is full (2).'
        assert (served.rejected("queue_full"), len(served.dispatcher)) == (2, 2)

    run(main())


@pytest.mark.parametrize(("capacity", "size"), [(1, 4), (100, 120), (3, 5), (1, 2)])
def test_a_queue_shorter_than_a_batch(capacity, size):
    """Whoever waits only for a batch to fill has a worker, and is not queued: a whole batch comes together."""

    async def main():
        served = Served(silent, capacity=capacity, batch_size=size, delay_ms=60_000)
        await settle()
        for number in range(size - 1):
            served.submit(str(number))
            assert (len(served.dispatcher), served.dispatcher.oldest_s) == (0, 0.0)
        served.submit("last")
        assert [len(batch.requests) for batch in served.lives[0].batches] == [size]
        # Now that the worker is busy, as many wait as may.
        served.submit(*map(str, range(capacity)))
        assert len(served.dispatcher) == capacity
        assert served.dispatcher.oldest_s > 0
        with pytest.raises(ServiceUnavailable):
            served.submit("more")
        assert served.rejected("queue_full") == 1

    run(main())


def test_a_batch_fits_its_frame():
    """Bodies that are too much for one frame together go in two batches, and none of them fails."""

    async def main():
        served = Served(silent, workers=2, batch_size=3, delay_ms=60_000, frame_limit=10)
        await settle()
        served.submit("a", body=b"123456")
        served.submit("b", body=b"1234")
        served.submit("c", body=b"1")
        await asyncio.sleep(61)
        assert sorted(batch for life in served.lives for batch in sent(life)) == ["ab", "c"]

    run(main())


def test_a_worker_that_comes_to_a_full_queue():
    """Takes what is queued for its batch, and others may come."""

    async def main():
        served = Served(silent, capacity=2, batch_size=4, delay_ms=60_000)
        served.submit("a", "b")
        assert len(served.dispatcher) == 2
        with pytest.raises(ServiceUnavailable):
            served.submit("c")
        await settle()
        assert len(served.dispatcher) == 0
        served.submit("c", "d")
        assert sent(served.lives[0]) == ["abcd"]
        assert served.rejected("queue_full") == 1

    run(main())


def test_a_worker_that_dies_while_its_batch_fills():
    """Those who waited for the batch to fill wait for a worker then, and count."""

    async def main():
        served = Served(silent, capacity=2, batch_size=4, delay_ms=60_000)
        await settle()
        served.submit("a", "b", "c")
        assert len(served.dispatcher) == 0
        served.lives[0].die(3)
        await settle()
        assert len(served.dispatcher) == 3
        with pytest.raises(ServiceUnavailable):
            served.submit("d")

    run(main())


def test_no_worker():
    """503 at once where nobody is there to wait for."""

    async def main():
        served = Served(workers=0)
        with pytest.raises(ServiceUnavailable) as caught:
            served.submit("a")
        assert (caught.value.why, served.rejected("no_worker")) == ("no_worker", 1)

    run(main())


def test_the_last_hope_gone():
    """When the workers are given up, or scaled away, whoever waits is told at once."""

    async def main():
        served = Served(crashing, window_s=5)
        one = served.submit("a")[0]
        with pytest.raises(ServiceUnavailable):
            await one.future
        scaled = Served(mute)
        other = scaled.submit("b", label="1.0")[0]
        scaled.pool.shrink(0)
        with pytest.raises(ServiceUnavailable) as caught:
            await other.future
        assert "Version 1.0" in str(caught.value)
        assert (len(served.dispatcher), len(scaled.dispatcher), served.rejected("no_worker")) == (0, 0, 1)

    run(main())


def test_requests_outlive_a_worker_that_is_restarted():
    """The batch in its hands fails; what is queued waits for the next life."""

    async def main():
        served = Served(silent)
        lost, kept = served.submit("a", "b")
        await settle()
        served.backend.script = obliging
        served.lives[0].die(1)
        with pytest.raises(WorkerFailed) as caught:
            await lost.future
        assert (str(caught.value), caught.value.code) == ("Worker died.", 500)
        assert await body_of(kept) == b"b"
        assert asyncio.get_running_loop().time() == pytest.approx(1)

    run(main())


def test_batches_sent_ahead_survive_their_worker():
    """A fast worker's socket held more than it had begun on: those come back first in line, in their order."""

    async def main():
        served = Served(obliging)
        await settle()
        for worker in served.pool:
            for _ in range(1000):
                worker.pace.answered(0.0)
        served.backend.script = silent
        jobs = served.submit(*"abcd")
        assert (sent(served.lives[0]), len(served.dispatcher)) == (list("abcd"), 0)
        await settle()
        served.dispatcher.abandon(jobs[2].job)
        served.backend.script = obliging
        served.lives[0].die(1)
        await settle()
        with pytest.raises(WorkerFailed):
            await jobs[0].future
        late = served.submit("e")[0]
        assert [await body_of(one) for one in (jobs[1], jobs[3], late)] == [b"b", b"d", b"e"]
        assert sent(served.lives[1]) == ["b", "d", "e"]

    run(main())


def test_an_error_of_the_handler():
    """All of its batch get it; the worker goes on."""

    async def main():
        served = Served(silent, batch_size=2)
        jobs = served.submit("a", "b", "c")
        await settle()
        life = served.lives[0]
        life.fail(life.batches[0], 503, "Prediction failed")
        for one in jobs[:2]:
            with pytest.raises(WorkerFailed) as caught:
                await one.future
            assert (str(caught.value), caught.value.code) == ("Prediction failed", 503)
        assert sent(life) == ["ab", "c"]

    run(main())


def test_a_client_that_hangs_up_in_the_queue():
    """Its request leaves the queue and is never sent."""

    async def main():
        served = Served(silent)
        _, gone, kept = served.submit("a", "b", "c")
        await settle()
        served.dispatcher.abandon(gone.job)
        assert (gone.future.done(), len(served.dispatcher)) == (False, 1)
        served.dispatcher.abandon(gone.job)
        served.lives[0].answer(served.lives[0].batches[0])
        assert sent(served.lives[0]) == ["a", "c"]
        assert not kept.future.done()

    run(main())


def test_a_client_that_hangs_up_while_it_is_served():
    """The worker is told; its answer is dropped, and the others of the batch get theirs."""

    async def main():
        served = Served(silent, batch_size=2)
        gone, kept = served.submit("a", "b")
        await settle()
        served.dispatcher.abandon(gone.job)
        life = served.lives[0]
        assert life.cancelled == ["a"]
        life.answer(life.batches[0])
        assert (gone.future.done(), await body_of(kept)) == (False, b"b")
        served.dispatcher.abandon(kept.job)
        assert life.cancelled == ["a"]

    run(main())


def test_a_client_that_hangs_up_in_mid_stream():
    """The worker is told, for it goes on else."""

    async def main():
        served = Served(concurrent)
        await settle()
        one = served.submit("a")[0]
        life = served.lives[0]
        life.answer(life.batches[0], final=False)
        await one.future
        served.dispatcher.abandon(one.job)
        assert life.cancelled == ["a"]
        life.answer(life.batches[0])
        served.dispatcher.abandon(one.job)
        assert life.cancelled == ["a"]

    run(main())


def test_a_deadline_that_passes_in_the_queue():
    """408, the request is never sent, and it is counted."""

    async def main():
        served = Served(silent, client_ms=500)
        served.submit("a")
        await asyncio.sleep(0.2)
        late = served.submit("b")[0]
        with pytest.raises(RequestTimeout, match="500 ms"):
            await late.future
        assert asyncio.get_running_loop().time() == pytest.approx(0.7)
        assert (len(served.dispatcher), sent(served.lives[0]), served.rejected("deadline")) == (0, ["a"], 2)

    run(main())


def test_a_deadline_that_passes_at_work():
    """408 for the client; the worker's answer comes too late, and the worker serves on."""

    async def main():
        served = Served(silent, client_ms=500)
        late = served.submit("a")[0]
        with pytest.raises(RequestTimeout):
            await late.future
        life = served.lives[0]
        life.answer(life.batches[0])
        served.submit("b")
        assert sent(life) == ["a", "b"]

    run(main())


def test_a_deadline_that_is_met():
    """Leaves no trace, not even when it would have passed."""

    async def main():
        served = Served(client_ms=500)
        one = served.submit("a")[0]
        assert await body_of(one) == b"a"
        await asyncio.sleep(1)
        assert (await body_of(one), served.rejected("deadline")) == (b"a", 0)

    run(main())


def test_draining_waits_for_queue_and_workers():
    """And not a moment longer."""

    async def main():
        served = Served(silent)
        await asyncio.wait_for(served.dispatcher.drain(), 1)
        served.submit("a", "b")
        await settle()
        drained = asyncio.create_task(served.dispatcher.drain())
        life = served.lives[0]
        for number in range(2):
            await settle()
            assert not drained.done()
            life.answer(life.batches[number])
        await drained
        assert asyncio.get_running_loop().time() == 0

    run(main())


@pytest.mark.parametrize("way", ["hung up", "deadline", "scaled away", "worker dies"])
def test_draining_ends_whichever_way_the_last_request_goes(way):
    """Without an answer too."""

    async def main():
        served = Served(silent if way == "worker dies" else mute, client_ms=500 if way == "deadline" else 0)
        one = served.submit("a")[0]
        await settle()
        drained = asyncio.create_task(served.dispatcher.drain())
        await settle()
        if way == "hung up":
            served.dispatcher.abandon(one.job)
        elif way == "scaled away":
            served.pool.shrink(0)
        elif way == "worker dies":
            served.lives[0].die(1)
        await asyncio.wait_for(drained, 10)
        assert way == "hung up" or one.future.exception() is not None

    run(main())
