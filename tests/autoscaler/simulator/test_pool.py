"""The pool in virtual time: whatever is asked of it, every request is finished once, in turn, and every worker-second counted."""

from collections import Counter
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.autoscaler.simulator.pool import PoolOptions, SimulatedPool

TENTHS = st.integers(0, 300).map(lambda tenths: tenths / 10)  # events at equal times are likely
TRACES = st.lists(st.tuples(TENTHS, st.integers(1, 50).map(lambda tenths: tenths / 10)), max_size=60).map(
    lambda rows: ([at for at, _ in sorted(rows)], [took for _, took in sorted(rows)])
)
OPTIONS = st.builds(PoolOptions, TENTHS.map(lambda s: s / 10), st.integers(1, 5), st.sampled_from([0.0, 0.1, 0.5, 2.0]))
SCALES = st.lists(st.tuples(TENTHS, st.integers(1, 6)), max_size=20).map(sorted)
LATER = 10_000.0


class Watched(SimulatedPool):
    """Writes down each batch when it begins: (moment, requests, took)."""

    def __init__(self, *args):
        super().__init__(*args)
        self.batches = []

    def _take(self):
        before = set(self.workers)
        busy = {worker for worker in before if worker.batch}
        super()._take()
        (worker,) = {worker for worker in self.workers if worker.batch} - busy
        self.batches.append((self.now, list(worker.batch), worker.free_at - self.now))


def driven(trace, options, scales, workers=1):
    """A pool after all of it, the counts of workers at each step, and the busy seconds."""
    pool = Watched(*trace, options, workers)
    told = Counter()
    pool.on_finished = lambda index, at: told.update([index])
    for at, count in scales:
        pool.run_until(at)
        pool.scale(count)
        assert pool.size == count
        assert pool.ready <= pool.size
        assert pool.ready == sum(worker.ready and not worker.retiring for worker in pool.workers)
    pool.run_until(LATER)
    assert set(told.values()) <= {1}
    assert len(told) == len(trace[0])
    return pool


@given(TRACES, OPTIONS, SCALES)
def test_every_request_is_finished_once_and_in_turn(trace, options, scales):
    """None is lost or done twice; batches are in the order of arrival, no larger than allowed; none ends before it can."""
    pool = driven(trace, options, scales)
    arrivals, services = trace
    assert [index for _, batch, _ in pool.batches for index in batch] == list(range(len(arrivals)))
    assert all(1 <= len(batch) <= options.batch_size for _, batch, _ in pool.batches)
    assert pool.finished_count == len(arrivals)
    for at, batch, took in pool.batches:
        assert took == pytest.approx(max(services[index] for index in batch))
        for index in batch:
            assert arrivals[index] <= at
            assert pool.finished[index] == pytest.approx(at + took)


@given(TRACES, OPTIONS, SCALES)
def test_busy_seconds_are_the_sum_of_the_batches(trace, options, scales):
    """Whoever works is never counted twice, and works no longer than it is there."""
    pool = driven(trace, options, scales)
    assert pool.busy_s == pytest.approx(sum(took for _, _, took in pool.batches))
    assert pool.busy_s <= pool.cost_s() + 1e-6


@given(TRACES, OPTIONS, SCALES)
def test_the_integral_is_the_time_that_requests_were_there(trace, options, scales):
    """By Little's law: the sum over requests of the time from arrival to answer."""
    pool = driven(trace, options, scales)
    there = sum(finished - arrival for arrival, finished in zip(trace[0], pool.finished, strict=True))
    assert pool.concurrency_s == pytest.approx(there, abs=1e-6)


@given(TRACES, OPTIONS, SCALES, st.integers(1, 97))
def test_it_does_not_matter_in_how_many_steps_time_passes(trace, options, scales, step):
    """A pool that is looked at often does what it does when it is looked at seldom."""
    seldom = driven(trace, options, scales)
    often = Watched(*trace, options, 1)
    for at, count in [*scales, (LATER, None)]:
        while often.now + step < at and often.now < 400:
            often.run_until(often.now + step)
        often.run_until(at)
        if count is not None:
            often.scale(count)
    assert often.finished == seldom.finished
    assert often.cost_s() == pytest.approx(seldom.cost_s())


@given(TRACES, OPTIONS, SCALES)
def test_no_worker_idles_while_requests_wait(trace, options, scales):
    """Without a delay for batches, a request that waits has no free worker."""
    options = PoolOptions(options.load_s, options.batch_size)
    pool = SimulatedPool(*trace, options, 1)
    for at, count in [*scales, *((at, None) for at in range(40))]:
        if at < pool.now:
            continue
        pool.run_until(at)
        if count is not None:
            pool.scale(count)
        idle = sum(worker.ready and not worker.batch and not worker.retiring for worker in pool.workers)
        assert not pool.queue or not idle


def test_worker_seconds_count_from_the_decision():
    """Loading and idling are paid, and a worker that is retired while it loads was paid until then."""
    pool = SimulatedPool([], [], PoolOptions(load_s=10), 2)
    pool.run_until(5)
    pool.scale(4)
    pool.run_until(8)
    assert (pool.size, pool.ready) == (4, 2)
    pool.scale(3)
    pool.run_until(15)
    assert pool.ready == 3
    pool.run_until(20)
    assert pool.cost_s() == 2 * 20 + 15 + 3


def test_who_goes_first():
    """The worker that loads, then the one without work, and the one with work only when it is done."""
    pool = SimulatedPool([1.0], [10.0], PoolOptions(load_s=10), 2)
    pool.run_until(2)
    pool.scale(3)
    (working,) = [worker for worker in pool.workers if worker.batch]
    loading = list(pool.workers)[-1]
    pool.scale(2)
    assert loading not in pool.workers
    pool.scale(1)
    assert list(pool.workers) == [working]
    pool.scale(0)
    assert (pool.size, pool.ready, pool.busy) == (0, 0, 1)
    pool.run_until(30)
    assert not pool.workers
    assert pool.finished == [11.0]
    assert pool.cost_s() == 2 + 11


def test_retired_workers_take_nothing_new():
    """What waits goes to the one that comes."""
    pool = SimulatedPool([0.0, 0.1], [5.0, 1.0], PoolOptions(load_s=20), 1)
    pool.run_until(1)
    pool.scale(0)
    pool.scale(1)
    pool.run_until(10)
    assert pool.finished[0] == 5.0
    assert isnan(pool.finished[1])
    pool.run_until(30)
    assert pool.finished == [5.0, 22.0]


def test_a_batch_leaves_when_it_is_full_or_the_delay_is_over():
    """The delay begins when a free worker meets a request, and anew after a batch has left full."""
    options = PoolOptions(load_s=1, batch_size=2, max_batch_delay_s=1.0)
    pool = Watched([0.0, 0.4, 0.6, 5.0], [0.1, 0.3, 0.1, 0.1], options, 2)
    pool.run_until(20)
    assert pool.batches == [
        (0.4, [0, 1], pytest.approx(0.3)),
        (1.6, [2], pytest.approx(0.1)),
        (6.0, [3], pytest.approx(0.1)),
    ]


def test_the_delay_begins_with_the_worker():
    """Requests that waited for a worker wait for a full batch, once there is one."""
    pool = Watched([0.0, 0.1, 0.2], [3.0, 1.0, 1.0], PoolOptions(1, 3, 0.5), 1)
    pool.run_until(0.5)
    pool.scale(1)
    pool.run_until(20)
    assert pool.batches == [(0.2, [0, 1, 2], pytest.approx(3.0))]


def test_the_worker_that_has_been_free_longest_is_next():
    """As the server's own dispatcher has it."""
    pool = SimulatedPool([1.0, 2.0, 3.0], [0.1, 0.1, 0.1], PoolOptions(1), 2)
    used = []
    for at in (1.0, 2.0, 3.0):
        pool.run_until(at)
        used += [number for number, worker in enumerate(pool.workers) if worker.batch]
    assert used == [0, 1, 0]


def test_an_arrival_comes_before_what_ends_at_the_same_moment():
    """A request that arrives when a worker becomes free is answered by that worker, without a wait."""
    pool = SimulatedPool([0.0, 5.0], [5.0, 1.0], PoolOptions(1), 1)
    pool.run_until(5.0)
    assert pool.concurrency == 1
    assert pool.oldest_s == 0.0
    pool.run_until(6.0)
    assert pool.finished == [5.0, 6.0]
