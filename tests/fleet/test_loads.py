"""How the loads of a pool's workers ended."""

import asyncio

from fleet.clock import run, settle, until
from fleet.scripted import Fleet, crashing, mute, obliging
from servescope.wire.messages import Load


def raising(life, message):
    """Says what its handler raised, and ends."""
    if isinstance(message, Load):
        life.load(500, "ValueError: first line\nlast line\n")
        life.die(1)


def test_nothing_is_known_while_the_first_loads():
    """Neither success nor failure."""

    async def main():
        fleet = Fleet(mute)
        (worker,) = fleet.pool.grow(1)
        await settle()
        loads = fleet.pool.loads
        assert (loads.succeeded, loads.failure, loads.tried(worker)) == (False, "", False)

    run(main())


def test_a_failure_is_kept_until_a_load_succeeds():
    """Its last line; and that one has succeeded is kept for ever."""

    async def main():
        fleet = Fleet(raising)
        (worker,) = fleet.pool.grow(1)
        loads = fleet.pool.loads
        assert (await loads.next(worker)).code == 500
        assert (loads.succeeded, loads.failure) == (False, "last line")
        fleet.backend.script = obliging
        await until(lambda: loads.succeeded)
        assert loads.failure == ""
        fleet.backend.script = crashing
        fleet.lives[-1].die(0)
        await until(lambda: loads.failure)
        assert (loads.succeeded, loads.failure) == (True, "exited with status 3")

    run(main())


def test_a_load_that_takes_too_long_or_cannot_begin():
    """Is a failure as well."""

    async def main():
        slow, broken = Fleet(mute, startup_s=3), Fleet()
        broken.backend.error = OSError("no more processes")
        for fleet in (slow, broken):
            fleet.pool.grow(1)
        await until(lambda: slow.pool.loads.failure)
        assert slow.pool.loads.failure == "did not load within 3 s"
        assert broken.pool.loads.failure == "cannot start a worker: no more processes"
        broken.backend.error = KeyError("unforeseen")
        await until(lambda: "unforeseen" in broken.pool.loads.failure)

    run(main())


def test_a_worker_that_is_taken_away_has_not_failed():
    """It was ended while it loaded."""

    async def main():
        fleet = Fleet(mute)
        fleet.pool.grow(1)
        await settle()
        ended = asyncio.create_task(fleet.pool.ended(fleet.pool.shrink(0)))
        await ended
        assert fleet.pool.loads.failure == ""

    run(main())


def test_when_the_next_try_is():
    """In how many seconds, of several workers the first; 0 where none pauses."""

    async def main():
        fleet = Fleet(crashing)
        loads = fleet.pool.loads
        assert loads.again_s == 0.0
        fleet.pool.grow(1)
        await settle()
        assert loads.again_s == 1.0
        await asyncio.sleep(0.25)
        assert loads.again_s == 0.75
        await asyncio.sleep(4)
        assert 0 < loads.again_s <= 3.0
        fleet.pool.grow(2)
        await settle()
        assert 0 < loads.again_s <= 1.0
        fleet.pool.shrink(0)
        await settle()
        assert (loads.again_s, loads.failed, loads.any_over) == (0.0, 0, False)

    run(main())
