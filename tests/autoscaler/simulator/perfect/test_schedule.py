"""The pool that knows the future: its schedule is one that a pool could do, and nothing is cheaper than the bound."""

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servescope.autoscaler.simulator.perfect.bound import lower_bound
from servescope.autoscaler.simulator.perfect.schedule import outcome_of, perfect_schedule
from servescope.autoscaler.simulator.pool import PoolOptions
from servescope.autoscaler.simulator.replay import Load, Terms

CLOSE = 1e-6
TENTHS = st.integers(1, 60).map(lambda tenths: tenths / 10)
LOADS = st.lists(st.tuples(st.integers(0, 400).map(lambda t: t / 10), TENTHS), min_size=1, max_size=50).map(
    lambda rows: Load([at for at, _ in sorted(rows)], [took for _, took in sorted(rows)], 60.0)
)
TERMS = st.builds(
    lambda load_s, batch, objective, least, more: Terms(PoolOptions(load_s, batch), objective, least, least + more),
    st.integers(0, 100).map(lambda t: t / 10),
    st.integers(1, 3),
    st.integers(1, 80).map(lambda t: t / 10),
    st.integers(1, 2),
    st.integers(0, 20),
)


def batches(shift):
    """Jobs of a shift with their ends."""
    return [(began, began + job.service, job) for began, job in shift.work]


@settings(max_examples=200)
@given(LOADS, TERMS)
def test_a_pool_could_do_it(load, terms):
    """Every request is answered once, by a worker that is there and does nothing else, after it came; the bounds hold."""
    schedule = perfect_schedule(load, terms)
    done = [number for shift in schedule.shifts for _, job in shift.work for number in job.requests]
    assert sorted(done) == list(range(len(load.arrivals)))
    late = set(schedule.late)
    for shift in schedule.shifts:
        free = shift.ready
        for began, end, job in batches(shift):
            assert free - CLOSE <= began
            assert end <= shift.end + CLOSE
            assert len(job.requests) <= terms.pool.batch_size
            assert job.service == max(load.services[number] for number in job.requests)
            assert all(load.arrivals[number] <= began + CLOSE for number in job.requests)
            for number in set(job.requests) - late:
                assert end - load.arrivals[number] <= terms.objective_s + CLOSE
            free = end
        assert shift.loaded or shift.ready >= terms.pool.load_s - CLOSE
    steps = [(shift.ready, 1) for shift in schedule.shifts] + [(shift.end - CLOSE, -1) for shift in schedule.shifts]
    counts = list(itertools.accumulate(step for _, step in sorted(steps)))
    assert max(counts) <= terms.max_workers
    assert sum(shift.loaded for shift in schedule.shifts) == terms.min_workers


@settings(max_examples=200)
@given(LOADS, TERMS)
def test_the_outcome_is_the_schedule(load, terms):
    """Latencies, the share inside and the cost are those of the shifts; there are never fewer workers than allowed."""
    schedule = perfect_schedule(load, terms)
    outcome = outcome_of(schedule, load, terms)
    inside = sum(latency <= terms.objective_s + CLOSE for latency in outcome.latencies)
    assert inside >= len(load.arrivals) - len(schedule.late)
    assert outcome.worker_seconds == pytest.approx(schedule.cost_s(terms.pool.load_s))
    assert outcome.worker_seconds >= terms.min_workers * load.end_s - CLOSE
    assert all(change.after >= terms.min_workers for change in outcome.changes)
    before = terms.min_workers
    for change in outcome.changes:
        assert change.before == before
        before = change.after


@settings(max_examples=200)
@given(LOADS, TERMS)
def test_nothing_is_below_the_bound(load, terms):
    """The bound is above nothing that was found, and not below what has to be done in any case."""
    schedule = perfect_schedule(load, terms)
    bound = lower_bound(load, terms, schedule)
    assert bound <= schedule.cost_s(terms.pool.load_s) + CLOSE
    assert bound >= terms.min_workers * load.end_s - CLOSE


def test_a_worker_that_comes_at_once_costs_no_whole_slots():
    """Without a load the bound cuts no time finer than the schedule: it was above it."""
    load = Load([0.0, 0.0, 0.1], [0.1, 0.4, 1.7], 60.0)
    terms = Terms(PoolOptions(0.0), 1.7, 1, 2)
    schedule = perfect_schedule(load, terms)
    assert 60.0 - CLOSE <= lower_bound(load, terms, schedule) <= schedule.cost_s(0.0) + CLOSE


def poisson(rate, end_s, seed):
    chance = random.Random(seed)
    at, moments = 0.0, []
    while (at := at + chance.expovariate(rate)) < end_s:
        moments.append(at)
    return Load(moments, [chance.lognormvariate(math.log(0.2), 0.5) for _ in moments], end_s)


def test_it_is_near_the_bound():
    """On a Poisson load of 20 workers' work within a sixth, though neither jobs nor workers can be cut in truth."""
    load, terms = poisson(90, 300, 1), Terms(PoolOptions(10.0), 1.0, 1, 100)
    schedule = perfect_schedule(load, terms)
    assert schedule.cost_s(10.0) <= 1.16 * lower_bound(load, terms, schedule)


def test_one_worker_does_what_one_can_do():
    """Nothing is started where what is there suffices."""
    load = Load([float(second) for second in range(50)], [0.9] * 50, 60.0)
    outcome = outcome_of(perfect_schedule(load, TIGHT), load, TIGHT)
    assert outcome.worker_seconds == 60.0
    assert outcome.changes == []


TIGHT = Terms(PoolOptions(5.0), 1.0, 1, 10)


def test_a_burst_is_served_by_workers_that_come_for_it():
    """They are loaded just in time, and gone when it is over: a load and their work is what they cost."""
    load = Load([30.0] * 4, [1.0] * 4, 60.0)
    outcome = outcome_of(perfect_schedule(load, TIGHT), load, TIGHT)
    assert outcome.inside(1.0) == 1.0
    assert outcome.worker_seconds == pytest.approx(60.0 + 3 * (5.0 + 1.0))
    assert [(change.at_s, change.after) for change in outcome.changes] == [(25.0, 4), (31.0, 1)]


def test_idling_costs_less_than_to_load_again_over_a_short_gap():
    """And a load costs less over a long one."""
    for gap, price in ((3.0, 5.0 + 1.0 + 3.0 + 1.0), (20.0, 2 * (5.0 + 1.0))):
        load = Load([20.0, 20.0, 21.0 + gap, 21.0 + gap], [1.0] * 4, 60.0)
        schedule = perfect_schedule(load, TIGHT)
        assert schedule.late == []
        assert schedule.cost_s(5.0) == pytest.approx(60.0 + price)


def test_what_no_pool_could_do_is_late():
    """What takes longer than the objective by itself, and what comes before anybody could be loaded; both are answered."""
    load = Load([0.0, 0.0, 30.0], [1.0, 1.0, 1.5], 60.0)
    schedule = perfect_schedule(load, TIGHT)
    assert len(schedule.late) == 2
    assert 2 in schedule.late
    assert schedule.cost_s(5.0) == 60.0


def test_waiting_is_used_up():
    """Two requests at once are one worker's, where the objective leaves time to wait."""
    load, terms = Load([30.0, 30.0], [1.0, 1.0], 60.0), Terms(PoolOptions(5.0), 2.0, 1, 10)
    assert perfect_schedule(load, terms).cost_s(5.0) == 60.0


def test_batches_are_formed():
    """Requests that come together are done together."""
    load, terms = Load([30.0] * 4, [1.0] * 4, 60.0), Terms(PoolOptions(5.0, batch_size=4), 1.0, 1, 10)
    schedule = perfect_schedule(load, terms)
    assert schedule.late == []
    assert schedule.cost_s(5.0) == 60.0
