"""A worker's tries to load: whoever waits hears of the next one's end, and of no other."""

import asyncio

from fleet.clock import run, settle, until
from fleet.scripted import Fleet, Life, silent
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
