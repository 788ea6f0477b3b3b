"""For how long the request in flight that waits longest has waited: queued or in a worker, and whoever still wants its answer."""

import time

import pytest

from fleet.clock import run, settle, until
from fleet.scripted import concurrent, crashing, mute, silent, talking
from serving.parts import Served, job


def submit(served, **ages):
    """Requests that came in so many seconds ago, in the order in which they are queued; by name."""
    calls = {name: job(name) for name in ages}
    for name, call in calls.items():
        call.job.arrived = time.monotonic() - ages[name]
        served.dispatcher.submit(call.job)
    return calls


def about(seconds):
    """Give or take what the test itself takes."""
    return pytest.approx(seconds, abs=5)


def oldest(served):
    return served.dispatcher.in_flight_oldest_s


def test_nothing_in_flight():
    """Is 0, before and after."""

    async def main():
        served = Served(silent)
        assert oldest(served) == 0
        await settle()
        submit(served, a=100)
        served.lives[0].answer(served.lives[0].batches[0])
        assert oldest(served) == 0

    run(main())


def test_in_the_queue():
    """The oldest of all, also where it was queued later, as one is that its client sent behind another; while workers load too."""

    async def main():
        served = Served(mute)
        calls = submit(served, young=100, old=300, middle=200)
        assert oldest(served) == about(300)
        served.dispatcher.abandon(calls["old"].job)
        assert oldest(served) == about(200)

    run(main())


def test_in_a_worker():
    """A batch is as old as the oldest in it, as long as the worker has it, whoever waits in the queue beside it."""

    async def main():
        served = Served(silent, batch_size=2, delay_ms=1000)
        await settle()
        submit(served, a=300, b=400, c=200, d=100)
        assert (len(served.dispatcher), oldest(served)) == (2, about(400))
        served.lives[0].answer(served.lives[0].batches[0])
        assert (len(served.dispatcher), oldest(served)) == (0, about(200))

    run(main())


@pytest.mark.parametrize("script", [concurrent, talking])
def test_side_by_side(script):
    """Of all that the workers of an asynchronous handler or a language model have, and of what waits for room there."""

    async def main():
        served = Served(script, workers=2, at_once=1)
        await settle()
        submit(served, a=300, b=400, c=200)
        assert (len(served.dispatcher), oldest(served)) == (1, about(400))
        for life, age in ((served.lives[1], 300), (served.lives[0], 200)):
            life.answer(life.batches[0])
            assert oldest(served) == about(age)

    run(main())


def test_a_client_that_left_or_was_told_of_its_deadline():
    """Its request counts all the same, as the worker is at it; in the queue it is gone with its client."""

    async def main():
        served = Served(silent, client_ms=1000)
        await settle()
        calls = submit(served, left=300, queued=400)
        served.dispatcher.abandon(calls["left"].job)
        served.dispatcher.abandon(calls["queued"].job)
        assert oldest(served) == about(300)
        life = served.lives[0]
        life.answer(life.batches[0])
        assert oldest(served) == 0
        late = submit(served, late=200)["late"]
        await until(late.future.done)
        assert late.future.exception() is not None
        assert oldest(served) == about(200)
        life.answer(life.batches[1])
        assert oldest(served) == 0

    run(main())


def test_a_stream_waits_for_its_next_piece(monkeypatch):
    """Once it has begun: a long one that goes on is no stall, and one that stops is, whoever still reads it."""
    real, ahead = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: real() + ahead[0])

    async def main():
        served = Served(silent)
        await settle()
        call = submit(served, a=300)["a"]
        life = served.lives[0]
        for _ in range(3):
            life.answer(life.batches[0], final=False)
            assert oldest(served) == about(0)
            ahead[0] += 200
            assert oldest(served) == about(200)
        served.dispatcher.abandon(call.job)
        assert oldest(served) == about(200)
        life.answer(life.batches[0], final=False)
        assert oldest(served) == about(0)
        life.answer(life.batches[0])
        assert oldest(served) == 0

    run(main())


def test_ahead_of_a_worker_that_dies():
    """What comes back to the queue is as old as it was; what failed with it is not in flight."""

    async def main():
        served = Served(silent)
        await settle()
        (worker,) = served.pool
        for _ in range(1000):
            worker.pace.answered(0.0)
        submit(served, begun=400, ahead=300)
        assert (len(served.dispatcher), oldest(served)) == (0, about(400))
        served.backend.script = mute
        served.lives[0].die(1)
        await settle()
        assert (len(served.dispatcher), oldest(served)) == (1, about(300))

    run(main())


def test_the_last_hope_gone():
    """Those who waited were told, and wait no more."""

    async def main():
        served = Served(crashing, window_s=0)
        submit(served, a=300)
        await served.pool.ended(list(served.pool))
        await settle()
        assert oldest(served) == 0

    run(main())
