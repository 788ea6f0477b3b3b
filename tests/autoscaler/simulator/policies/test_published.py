"""The published policies, one after another, on loads of which it is known what they do: as their sources have it."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servescope.autoscaler.simulator.compare import NAMES, PUBLISHED, compare
from servescope.autoscaler.simulator.policies.aibrix import AibrixApa
from servescope.autoscaler.simulator.policies.dynamo import DynamoPlanner
from servescope.autoscaler.simulator.policies.hpa import Behaviour, HorizontalPodAutoscaler
from servescope.autoscaler.simulator.policies.keda import Keda
from servescope.autoscaler.simulator.policies.kpa import KnativePodAutoscaler
from servescope.autoscaler.simulator.policies.ray import RayServe
from servescope.autoscaler.simulator.pool import PoolOptions, SimulatedPool
from servescope.autoscaler.simulator.replay import Load, Terms, replay

END_S = 1200.0


def in_hand(count, begin=0.0, end=END_S):
    """So many requests at any time between two moments: each second all of them are new ones, which take just a second."""
    moments = [float(second) for second in range(int(begin), int(end)) for _ in range(count)]
    return moments, [1.0] * len(moments)


def run(policy, parts, workers=1, load_s=0.0, most=1000):
    """The counts by moment."""
    rows = sorted(zip(*map(sum, zip(*[(list(a), list(b)) for a, b in parts], strict=True), ([], [])), strict=True))
    load = Load([at for at, _ in rows], [took for _, took in rows], END_S)
    terms = Terms(PoolOptions(load_s), 1.0, workers, most)
    return [(change.at_s, change.after) for change in replay(load, terms, policy).changes]


def at(changes, moment, first=1):
    """How many there were then."""
    return ([first] + [count for when, count in changes if when <= moment])[-1]


def held(count, workers, loading=0, seconds=1e6):
    """A pool in which so many requests wait or are worked on, each for so long, by workers that stay as they are."""
    pool = SimulatedPool([0.0] * count, [seconds] * count, PoolOptions(1e6), workers)
    pool.scale(workers + loading)
    return pool


def asked(policy, pool, until):
    """What the policy wants at each of its moments, though it does not get it."""
    found = {}
    for tick in range(1, int(until / policy.interval_s) + 1):
        pool.run_until(tick * policy.interval_s)
        found[round(pool.now, 1)] = policy.desired(pool)
    return found


def test_kpa_panics_at_twice_the_target():
    """Two requests at once are three workers by 70 %, and three of one are a panic: as long as that is so, and 60 s more."""
    found = asked(KnativePodAutoscaler(1, 1), held(2, 1, seconds=100.0), 300)
    assert {found[moment] for moment in range(2, 260, 2)} == {3}
    assert found[266] < 3
    assert found[300] == 0


def test_kpa_halves_at_most():
    """Whatever the load is, half of the workers that are ready stay."""
    changes = run(KnativePodAutoscaler(1, 8), [in_hand(1, 0, 1)], workers=1)
    assert all(after >= before // 2 for (_, before), (_, after) in pairwise(changes))


def test_kpa_starts_in_panic_with_several_workers():
    """So that it does not scale down at once after a restart: for a stable window."""
    terms = Terms(PoolOptions(0.0), 1.0, 1, 100)
    load = Load(*in_hand(1, 0, 1), END_S)
    changes = replay(load, terms, KnativePodAutoscaler(1, 6), started=6).changes
    assert changes[0].at_s == 62.0
    assert changes[0].after == 3


def test_hpa_keeps_within_its_tolerance():
    """Ten per cent around 80 % are no change."""
    assert run(HorizontalPodAutoscaler(1, 1), [in_hand(1, 0, 1)]) == []
    behaviour = Behaviour(1)
    assert behaviour.limited(15.0, 1, 1) == 1


def test_hpa_goes_up_by_four_or_twofold_and_down_after_five_minutes():
    """One, five, ten, twenty; and down to the highest recommendation of the last 300 s."""
    behaviour = Behaviour(1)
    counts = [1]
    for step in range(1, 5):
        counts.append(behaviour.limited(15.0 * step, counts[-1], 100))
    assert counts == [1, 5, 10, 20, 40]
    assert behaviour.limited(75.0, 40, 2) == 40
    assert behaviour.limited(330.0, 40, 2) == 40  # 100 was recommended at 60 s
    assert behaviour.limited(360.0, 40, 2) == 2


def test_hpa_takes_loading_workers_for_idle_ones():
    """On the way up, so that it does not ask for more and more while they load, unless there is more to do than for them."""
    assert asked(HorizontalPodAutoscaler(1, 1), held(3, 1, loading=4), 60) == {15: 5, 30: 5, 45: 5, 60: 5}
    assert asked(HorizontalPodAutoscaler(1, 1), held(8, 1, loading=4), 15) == {15: 10}


def test_keda_reads_a_minute():
    """So it is slower than HPA's own metric, and divides the total by the threshold."""
    hpa = run(HorizontalPodAutoscaler(1, 1), [in_hand(8, 100)])
    keda = run(Keda(1, 1), [in_hand(8, 100)])
    ten = [min(when for when, count in changes if count >= 10) for changes in (hpa, keda)]
    assert ten[0] <= ten[1]


def test_ray_waits_for_thirty_seconds_and_for_ten_minutes():
    """Up when every loop of 30 s has wanted it since the first report, down when every loop of 600 s has."""
    up = {moment: count for moment, count in asked(RayServe(), held(6, 1), 60).items() if count}
    assert up == {40.0: 3}
    down = {moment: count for moment, count in asked(RayServe(), held(0, 4), 700).items() if count}
    assert down == {600.1: 1}


def test_ray_is_content_with_two_requests_a_replica():
    """Its default target."""
    assert set(asked(RayServe(), held(2, 1), 120).values()) == {None}
    assert set(asked(RayServe(), held(3, 1), 120).values()) == {None, 2}


def test_aibrix_doubles_at_most_and_waits_before_it_goes_down():
    """Every ten seconds twofold, and down after 300 s only."""
    changes = run(AibrixApa(1, 1), [in_hand(20, 0, 400)])
    ups = [
        (before, after) for (_, before), (_, after) in zip([(0, 1), *changes], changes, strict=False) if after > before
    ]
    assert all(after <= 2 * before for before, after in ups)
    first_down = next(when for (when, count), (_, before) in zip(changes[1:], changes, strict=False) if count < before)
    assert first_down > 300


def test_dynamo_goes_one_by_one_and_waits_for_what_loads():
    """One more above its capacity, one fewer below 60 %, nothing while one loads."""
    changes = run(DynamoPlanner(1), [in_hand(4, 100, 600)], load_s=20.0)
    counts = [1, *(count for _, count in changes)]
    assert all(abs(after - before) == 1 for before, after in pairwise(counts))
    ups = [when for (when, after), before in zip(changes, counts, strict=False) if after > before]
    assert all(later - earlier >= 20 for earlier, later in pairwise(ups))
    assert at(changes, 599) >= 4
    assert at(changes, END_S) == 1


LOADS = st.lists(
    st.tuples(st.integers(0, 3000).map(lambda t: t / 10), st.integers(1, 60).map(lambda t: t / 10)),
    min_size=1,
    max_size=80,
).map(lambda rows: Load([at for at, _ in sorted(rows)], [took for _, took in sorted(rows)], 400.0))


@settings(max_examples=40)
@given(LOADS, st.integers(1, 3), st.integers(0, 5), st.sampled_from([0.0, 2.0, 90.0]), st.sampled_from([1, 4]))
def test_all_stay_within_the_bounds(load, least, more, load_s, batch):
    """From the least on, and every request is answered, whatever the load; the perfect one among them."""
    terms = Terms(PoolOptions(load_s, batch, 0.1), 3.0, least, least + more)
    comparison = compare(load, terms)
    assert tuple(score.name for score in comparison.scores) == NAMES
    for outcome in comparison.outcomes:
        assert all(change.after >= least for change in outcome.changes), outcome.name
        assert outcome.name == "perfect" or all(change.after <= least + more for change in outcome.changes)
        assert all(took > 0 for took in outcome.latencies), outcome.name
        assert outcome.name == "fixed" or outcome.started == least
        assert outcome.worker_seconds >= least * 400.0 - 1e-6


def test_the_names_are_those_of_the_json():
    """In this order."""
    assert PUBLISHED == ("kpa", "hpa", "ray", "aibrix", "keda", "dynamo")
    assert ("servescope", *PUBLISHED, "fixed", "perfect") == NAMES


@pytest.mark.parametrize("moment", [0.0, 30.0])
def test_means_are_over_what_there_has_been(moment):
    """A window longer than the time so far is as long as that."""
    policy = KnativePodAutoscaler(1, 1)
    changes = run(policy, [in_hand(3, moment, moment + 60)])
    assert at(changes, moment + 8) >= 5
