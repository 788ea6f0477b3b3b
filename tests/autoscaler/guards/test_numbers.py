"""Which numbers are missing, and what is left."""

import math

import pytest
from msgspec.structs import replace

from scaled_model import FAST
from servescope.autoscaler.guards.numbers import Totals, checked, measured
from servescope.autoscaler.options import PolicyOptions
from servescope.autoscaler.signals import Room, ServiceTimes, Signals

OPTIONS = PolicyOptions(objective_s=0.5, max_workers=9)
NOTHING = {"arrived": None, "queued": None, "in_flight": None}
TOLD = Signals(5.0, 10.0, 9.0, 1.0, 1, 2, 1, FAST, 3.0, in_flight=2)


def test_complete_signals_are_taken_as_they_are():
    """The same object: this is asked for every model every second."""
    numbers = checked(TOLD, OPTIONS, 1)
    assert numbers.signals is TOLD
    assert numbers.missing == ()
    assert numbers.usable


@pytest.mark.parametrize("name", ["arrived", "finished", "late", "queued", "in_flight", "oldest_s", "waiting"])
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -1.0, 1e300])
def test_what_cannot_be_true_is_missing(name, value):
    """And named."""
    numbers = checked(replace(TOLD, **{name: value}), OPTIONS, 1)
    assert numbers.missing == (name,)
    assert getattr(numbers.signals, name) is None
    assert numbers.usable


@pytest.mark.parametrize("value", [math.nan, -1.0, math.inf])
def test_a_load_time_may_be_unknown_but_not_absurd(value):
    """None: no worker has loaded yet."""
    assert checked(replace(TOLD, load_s=None), OPTIONS, 1).missing == ()
    assert checked(replace(TOLD, load_s=value), OPTIONS, 1).missing == ("load_s",)


@pytest.mark.parametrize(
    "service",
    [
        ServiceTimes(math.nan, (0.1,)),
        ServiceTimes(0.0, (0.1,)),
        ServiceTimes(-0.1, (0.1,)),
        ServiceTimes(1e-300, (1e-300,)),
        ServiceTimes(0.1, ()),
        ServiceTimes(0.1, (0.1, math.nan)),
        ServiceTimes(0.1, (math.nan, 0.1)),
        ServiceTimes(0.1, (-0.1, 0.2)),
        ServiceTimes(0.1, (0.1, math.inf)),
    ],
)
def test_service_times_may_be_unknown_but_not_absurd(service):
    """None: too few requests yet."""
    assert checked(replace(TOLD, service=None), OPTIONS, 1).missing == ()
    numbers = checked(replace(TOLD, service=service), OPTIONS, 1)
    assert numbers.missing == ("service",)
    assert numbers.signals.service is None


@pytest.mark.parametrize(
    ("shares", "left", "missing"),
    [
        ((), (), ()),
        (None, None, ("kv_cache",)),
        ((0.5, None), (0.5, None), ("kv_cache",)),
        ((0.5, math.nan), (0.5, None), ("kv_cache",)),
        ((0.5, 80.0), (0.5, None), ("kv_cache",)),
        ((0.5, -0.1), (0.5, None), ("kv_cache",)),
        ((1.001,), (1.0,), ()),
    ],
)
def test_shares_are_looked_at_one_by_one(shares, left, missing):
    """No engine is not a missing one; a replica that says nothing is; percent are no shares."""
    numbers = checked(replace(TOLD, kv_cache=shares), OPTIONS, 1)
    assert numbers.signals.kv_cache == left
    assert numbers.missing == missing


def test_what_nobody_looks_at_is_not_missed():
    """Late requests without an objective, GPUs without a target, idleness where nothing sleeps."""
    told = replace(TOLD, late=None, gpu=None, idle_s=None)
    assert checked(told, PolicyOptions(), 1).missing == ()
    wanted = PolicyOptions(objective_s=1.0, gpu_target=0.5, to_zero_after_s=60.0)
    assert set(checked(told, wanted, 1).missing) == {"late", "gpu", "idle_s"}


@pytest.mark.parametrize("age_s", [3.1, math.nan, math.inf, -1.0])
def test_numbers_older_than_three_samples_are_all_missing(age_s):
    """Whatever they say."""
    numbers = checked(replace(TOLD, age_s=age_s), OPTIONS, 1)
    assert not numbers.usable
    assert {"arrived", "queued", "in_flight", "service"} <= set(numbers.missing)
    assert checked(replace(TOLD, age_s=3.0), OPTIONS, 1).missing == ()


@pytest.mark.parametrize(
    ("told", "usable"),
    [
        ({"arrived": None, "in_flight": None}, True),
        ({"queued": None, "in_flight": None}, True),
        ({"arrived": None, "queued": None}, True),
        (NOTHING, False),
        (NOTHING | {"kv_cache": (0.5,)}, True),
        (NOTHING | {"kv_cache": (None,)}, False),
        (NOTHING | {"gpu": (0.5,)}, False),
    ],
)
def test_numbers_are_usable_while_any_count_can_be_told(told, usable):
    """Else they are all missing, for what they are good for."""
    assert checked(replace(TOLD, **told), OPTIONS, 1).usable is usable


@pytest.mark.parametrize("told", [{"workers": -1}, {"starting": -2}, {"workers": math.nan}])
def test_workers_that_nobody_can_count_are_those_decided_on_last(told):
    """Without them nothing is decided anew."""
    numbers = checked(replace(TOLD, **told), OPTIONS, 4)
    assert numbers.signals.there == 4
    assert numbers.missing == ("workers",)
    assert not numbers.usable


@pytest.mark.parametrize(
    ("room", "left"),
    [
        (Room(2, "memory"), Room(2, "memory")),
        (Room(-3, "memory"), Room(0, "memory")),
        (Room(math.nan, "memory"), None),
        (None, None),
    ],
)
def test_less_than_no_room_is_none(room, left):
    """And a room that nobody knows bounds nothing."""
    assert checked(replace(TOLD, room=room), OPTIONS, 1).signals.room == left


def test_failed_starts_are_a_count():
    """Or none."""
    assert checked(replace(TOLD, failed_starts=-1), OPTIONS, 1).signals.failed_starts == 0


def test_counters_that_fall_were_begun_anew():
    """Each of them; one that is missing has not fallen."""
    before = Totals().after(TOLD)
    assert before == Totals(10.0, 9.0, 1.0)
    assert not before.fell(Totals())
    for name in ("arrived", "finished", "late"):
        assert before.after(replace(TOLD, **{name: 0.5})).fell(before)
        assert not before.after(replace(TOLD, **{name: None})).fell(before)


def test_the_policy_needs_arrivals_and_gets_the_rest_as_it_was_known():
    """Late requests are none where there is no objective."""
    totals = Totals().after(TOLD)
    assert measured(replace(TOLD, arrived=None), totals, FAST, 3.0, objective=True) is None
    assert measured(TOLD, Totals(), FAST, 3.0, objective=True) is None
    told = replace(TOLD, finished=None, late=None, queued=None)
    complete = measured(told, totals, FAST, 3.0, objective=True)
    assert (complete.finished, complete.late, complete.queued) == (9.0, 1.0, 0)
    assert measured(TOLD, totals, FAST, 3.0, objective=False).late == 0.0
