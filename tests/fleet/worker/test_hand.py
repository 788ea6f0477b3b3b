"""What a worker has in hand: whose time counts, and what happens when it is over."""

import asyncio

import pytest

from fleet.clock import run
from fleet.work import Work
from servescope.fleet.worker.hand import Hand


class Bench:
    """A hand, and when what was over its time, on the loop's clock. `grace_s`: what is given instead of an end."""

    def __init__(self, timeout_s=10.0, concurrent=False, grace_s=None):
        self.hand = Hand(timeout_s, self._overdue)
        self.hand.concurrent = concurrent
        self.grace_s = grace_s
        self.over = []

    def _overdue(self, work):
        self.over.append((work.id, asyncio.get_running_loop().time()))
        if self.grace_s is not None:
            self.hand.extend(work, self.grace_s)
        return self.grace_s is not None

    def take(self, number):
        work = Work(number)
        self.hand.take(work)
        return work


def test_only_the_first_is_worked_on():
    """Another one's time begins with its turn."""

    async def main():
        bench = Bench()
        first = bench.take(1)
        await asyncio.sleep(4)
        bench.take(2)
        await asyncio.sleep(5)
        bench.hand.drop(first)
        await asyncio.sleep(20)
        assert bench.over == [(2, pytest.approx(19))]

    run(main())


def test_all_are_worked_on():
    """Each has its own time, and whoever is given more of it is looked at again; no other waits for that."""

    async def main():
        bench = Bench(concurrent=True, grace_s=100)
        bench.take(1)
        await asyncio.sleep(4)
        second = bench.take(2)
        await asyncio.sleep(2)
        bench.hand.renew(second)
        await asyncio.sleep(14)
        bench.take(3)
        await asyncio.sleep(95)
        expected = [(1, 10), (2, 16), (3, 30), (1, 110)]
        assert bench.over == [(number, pytest.approx(at)) for number, at in expected]

    run(main())


def test_what_was_never_in_hand_gives_nobody_time():
    """A batch that could not be sent behind another."""

    async def main():
        bench = Bench()
        bench.take(1)
        await asyncio.sleep(4)
        bench.hand.forget(bench.take(2))
        await asyncio.sleep(20)
        assert bench.over == [(1, pytest.approx(10))]

    run(main())


def test_nothing_is_watched_when_all_is_dropped():
    """And the next batch is watched anew."""

    async def main():
        bench = Bench()
        works = [bench.take(1), bench.take(2)]
        assert (bench.hand.drop_all(), bench.hand.batches) == (works, {})
        await asyncio.sleep(50)
        assert bench.over == []
        bench.take(3)
        await asyncio.sleep(50)
        assert bench.over == [(3, pytest.approx(60))]

    run(main())


def test_how_long_a_worker_is_at_its_batch():
    """Since the batch was taken or had its turn, or since the last piece of it; nothing when idle."""

    async def main():
        hand = Bench(timeout_s=100).hand
        assert hand.batch_s == 0
        first, second = Work(1), Work(2)
        hand.take(first)
        await asyncio.sleep(4)
        hand.take(second)
        await asyncio.sleep(3)
        assert hand.batch_s == pytest.approx(7)
        hand.renew(first)
        await asyncio.sleep(2)
        assert hand.batch_s == pytest.approx(2)
        hand.drop(first)
        assert hand.batch_s == 0
        await asyncio.sleep(5)
        assert hand.batch_s == pytest.approx(5)
        hand.drop_all()
        assert hand.batch_s == 0

    run(main())


def test_of_several_at_a_time_the_one_without_progress():
    """Whatever others do beside it, and while it is given more time."""

    async def main():
        bench = Bench(concurrent=True, grace_s=100)
        stuck, lively = bench.take(1), bench.take(2)
        for _ in range(5):
            await asyncio.sleep(3)
            bench.hand.renew(lively)
        assert bench.over == [(1, pytest.approx(10))]
        assert bench.hand.batch_s == pytest.approx(15)
        bench.hand.drop(stuck)
        assert bench.hand.batch_s == 0
        await asyncio.sleep(4)
        assert bench.hand.batch_s == pytest.approx(4)

    run(main())
