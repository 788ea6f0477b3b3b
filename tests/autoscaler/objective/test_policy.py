"""What the policy decides, and why."""

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from servescope.autoscaler.objective.policy import Policy
from servescope.autoscaler.options import PolicyOptions
from servescope.autoscaler.signals import Measured, ServiceTimes

FAST = ServiceTimes(0.1, (0.08, 0.1, 0.12))
OPTIONS = PolicyOptions(objective_s=0.5, min_workers=1, max_workers=50)


class Model:
    """Signals of a model at a steady rate, a second at a time; workers are there as soon as they are wanted, up to twice as
    many as the second before.
    """

    def __init__(self, options=OPTIONS):
        self.policy = Policy(options)
        self.at, self.arrived, self.workers = 1000.0, 0.0, options.min_workers

    def second(self, rate, queued=0, late=0.0, load_s=1.0):
        self.at += 1.0
        self.arrived += rate
        told = Measured(self.at, self.arrived, self.arrived, late, queued, self.workers, 0, FAST, load_s)
        decision = self.policy.decide(told)
        self.workers = min(decision.wanted, 2 * self.workers)
        return decision


def test_a_steady_load_gets_what_the_objective_needs():
    """30 a second at 0.1 s: three busy workers, and a reserve."""
    model = Model()
    for _ in range(120):
        decision = model.second(30)
    assert decision.wanted in (4, 5)
    assert decision.counts["rate"] == decision.wanted
    changes = {model.second(30).wanted for _ in range(600)}
    assert changes == {decision.wanted}


def test_a_queue_that_grows_is_answered_at_once():
    """A second after it began."""
    model = Model()
    for _ in range(60):
        model.second(1)
    assert model.second(60, queued=50).wanted >= 7


def test_what_works_a_queue_off_is_not_taken_away():
    """However little comes."""
    model = Model()
    for _ in range(30):
        model.second(60)
    before = model.workers
    for _ in range(200):
        decision = model.second(0, queued=before * 5)
    assert decision.wanted >= before


def test_after_the_queue_they_go():
    """What was started for a backlog is not what was needed."""
    model = Model()
    for _ in range(120):
        model.second(30)
    before = model.workers
    for _ in range(5):
        model.second(30, queued=400, load_s=5.0)
    assert model.workers > 2 * before
    for _ in range(60):
        model.second(30, load_s=5.0)
    assert model.workers <= before + 1


def test_what_waits_at_the_very_beginning_counts():
    """It came a moment ago."""
    policy = Policy(OPTIONS)
    assert policy.decide(Measured(0.0, 100.0, 0.0, 0.0, 60, 1, 0, FAST, 10.0)).wanted > 2


def test_bursts_that_come_back_find_their_workers():
    """Ten seconds of 60 a second, every minute; none is started anew."""
    model = Model()
    for second in range(900):
        model.second(60 if second % 60 < 10 else 0, load_s=10.0)
    counts = {model.second(60 if second % 60 < 10 else 0, load_s=10.0).wanted for second in range(600)}
    assert len(counts) == 1


def test_what_has_not_happened_can_wait():
    """A rate that needs more in a minute; and not requests that wait."""
    model = Model()
    for _ in range(120):
        decision = model.second(30)
    assert (decision.reason, decision.patient) == ("rate", True)
    decision = model.second(30, queued=400)
    assert (decision.reason, decision.patient) == ("backlog", False)


def test_what_decided_is_named():
    """The largest of the counts."""
    model = Model()
    for _ in range(120):
        model.second(30)
    decision = model.second(30)
    assert decision.reason in decision.counts
    assert decision.counts[decision.reason] == decision.wanted == max(1, *decision.counts.values())


def test_without_service_times_it_guesses_from_the_objective():
    """Nothing was served yet, and requests wait."""
    policy = Policy(OPTIONS)
    decision = policy.decide(Measured(0.0, 20.0, 0.0, 0.0, 20, 1, 0, None, 30.0))
    assert decision.wanted >= 1


numbers = st.floats(0, 1e6)


@given(
    st.lists(
        st.tuples(numbers, st.integers(0, 10_000), st.integers(0, 60), st.integers(0, 60), st.floats(-5, 100)),
        min_size=1,
        max_size=40,
    ),
)
def test_at_least_one_is_wanted(seconds):
    """Whatever is measured, and however the clock goes."""
    policy = Policy(OPTIONS)
    at, arrived = 0.0, 0.0
    for came, queued, workers, starting, step in seconds:
        at, arrived = at + step, arrived + came
        decision = policy.decide(Measured(at, arrived, arrived, 0.0, queued, workers, starting, FAST, 5.0))
        assert decision.wanted >= 1
        assert math.isfinite(decision.wanted)


def test_a_policy_can_be_given_another_objective():
    """What it remembers stays: the rate is known at once."""
    model = Model()
    for _ in range(120):
        before = model.second(30)
    model.policy.aim(replace(OPTIONS, objective_s=0.13))
    assert model.second(30).counts["rate"] > before.counts["rate"] >= 4
