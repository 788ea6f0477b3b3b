"""A worker's tries to load: whoever waits hears of the next one's end, and of no other."""

import asyncio

import pytest

from fleet.clock import run, settle, until
from fleet.scripted import Fleet, Life, silent
from servescope.fleet.loads import WAITS
from servescope.wire.messages import Load, ToWorker


class Script:
    """Loads with `code`, a second after it was told to."""

    def __init__(self, code: int = 200) -> None:
        self.code = code

    def __call__(self, life: Life, message: ToWorker) -> None:
        if isinstance(message, Load):
            asyncio.get_running_loop().call_later(1, life.load, self.code, "why")
        else:
            silent(life, message)


def test_several_hear_of_the_same_try():
    """And one that gives up waiting does not spoil it for the others."""

    async def main():
        fleet = Fleet(Script())
        [worker] = fleet.pool.grow(1)
        first, second = fleet.pool.loads.next(worker), fleet.pool.loads.next(worker)
        first.cancel()
        assert (await second).code == 200
        assert fleet.pool.loads.tried(worker)

    run(main())


def test_the_next_try_not_the_last():
    """One that failed in the past is no answer; and whoever asks has it tried at once, the pause before it cut short."""

    async def main():
        script = Script(500)
        fleet = Fleet(script)
        [worker] = fleet.pool.grow(1)
        for _ in range(5):
            assert (await fleet.pool.loads.next(worker)).message == "why"
            await until(lambda: worker.state == "failed", 0.01)
        script.code = 200
        before = asyncio.get_running_loop().time()
        assert (await fleet.pool.loads.next(worker)).code == 200
        assert asyncio.get_running_loop().time() - before < 1.5  # its pause would be five seconds

    run(main())


def test_nobody_asks():
    """The pause is as long as the schedule says."""

    async def main():
        fleet = Fleet(Script(500))
        fleet.pool.grow(1)
        await asyncio.sleep(1 + 1 + 1 + 1 + 1 + 2)  # a load each, and pauses of 1, 1 and 2
        await settle()
        assert len(fleet.lives) == 4

    run(main())


def test_one_that_is_at_work_or_goes():
    """Is told of at once; whoever waits for one that is taken away hears of that."""

    async def main():
        fleet = Fleet(Script())
        one, two = fleet.pool.grow(2)
        waiting = [fleet.pool.loads.next(one), fleet.pool.loads.next(two)]
        await waiting[0]
        assert (await fleet.pool.loads.next(one)).code == 200
        fleet.pool.grow(3)
        [retired] = fleet.pool.shrink(2)
        assert (await fleet.pool.loads.next(retired)).message == "the worker was taken away"

    run(main())


def test_one_that_waits_for_a_place():
    """Whoever waits for it is told for want of what, at once, and whoever asks then too; one that loads is waited for as ever."""

    async def main():
        fleet = Fleet(Script())
        fleet.backend.pause = asyncio.Event()
        [worker] = fleet.pool.grow(1)
        waiting = fleet.pool.loads.first_failure([worker])
        await settle()
        fleet.backend.launching[0].placing("needs 1 GPU; the cluster has 0 free of 4")
        text = "a worker waits for a place: it needs 1 GPU; the cluster has 0 free of 4"
        for asked in (waiting, fleet.pool.loads.next(worker)):
            assert ((loaded := await asked).code, loaded.message) == (WAITS, text)
        assert (worker.state, fleet.pool.states()["pending"], fleet.pool.stranded) == ("pending", 1, False)
        fleet.backend.launching[0].placing("")
        assert (worker.state, fleet.pool.states()["pending"]) == ("starting", 0)
        asked = fleet.pool.loads.next(worker)
        fleet.backend.pause.set()
        assert (await asked).code == 200

    run(main())


def test_a_failure_goes_before_a_wait():
    """Of several, one that fails is what is told."""

    async def main():
        fleet = Fleet(Script())
        fleet.backend.pause = asyncio.Event()
        [pending] = fleet.pool.grow(1)
        await settle()
        fleet.backend.launching[0].placing("needs 1 GPU")
        fleet.backend.pause, fleet.backend.error = None, OSError("no room")
        added = fleet.pool.grow(2)
        failed = await fleet.pool.loads.first_failure([pending, *added])
        assert (failed.code, failed.message) == (500, "cannot start a worker: no room")

    run(main())


def test_a_place_is_waited_for_apart():
    """What a worker waited for its place is not what it took to load."""

    async def main():
        fleet = Fleet(Script())
        fleet.backend.pause = asyncio.Event()
        [worker] = fleet.pool.grow(1)
        await settle()
        await asyncio.sleep(2)
        fleet.backend.launching[0].placing("needs 1 GPU")
        await asyncio.sleep(50)
        fleet.backend.launching[0].placing("needs 2 GPU")
        await asyncio.sleep(50)
        fleet.backend.pause.set()
        await settle()
        assert (await fleet.pool.loads.next(worker)).code == 200
        await settle()
        assert fleet.model_recorder.load_seconds.sum == pytest.approx(3.0)

    run(main())


def test_one_that_waits_is_taken_away():
    """Nobody waits with it."""

    async def main():
        fleet = Fleet(Script())
        fleet.backend.pause = asyncio.Event()
        fleet.pool.grow(1)
        await settle()
        fleet.backend.launching[0].placing("needs 1 GPU")
        await fleet.pool.ended(fleet.pool.shrink(0))
        assert (len(list(fleet.pool)), fleet.lives) == (0, [])

    run(main())
