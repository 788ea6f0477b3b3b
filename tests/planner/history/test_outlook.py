"""Hours with a known trend: the right day, the right size; plans held against them."""

import math
import random

import pytest

from servescope.errors import ConfigurationError
from servescope.planner.history.check import check
from servescope.planner.history.hours import HOUR_S, Hour, hours_of
from servescope.planner.history.outlook import look_ahead
from servescope.planner.history.trend import DAY_S

BEGIN = 1_700_438_400  # a Monday, at midnight


def shape(hour: int) -> float:
    """Busy by day, quiet at weekends; 1 at its highest."""
    return (0.6 - 0.4 * math.cos(2 * math.pi * hour / 24)) * (0.6 if hour // 24 % 7 >= 5 else 1.0)


def recorded(days: int, level: float, growth: float, noise: float = 0.0, workers: int = 8, seed: int = 1) -> list[Hour]:
    """A request takes 50 ms of a worker."""
    chance = random.Random(seed)
    found = []
    for hour in range(days * 24):
        rate = shape(hour) * (level + growth * hour / 24) * (1 + noise * chance.gauss(0, 1))
        busy = rate * 0.05 / workers
        found.append(
            Hour(BEGIN + hour * HOUR_S, rate, workers, busy, 0.1 + busy / 3, None, 0.01 + busy**3, 0.06 + busy**8)
        )
    return found


def true_day(level: float, growth: float, ceiling: float, begin: int) -> int:
    """When the shape times the line first meets the ceiling."""
    hours = range(begin, 3 * 365 * 24)
    return next(BEGIN + hour * HOUR_S for hour in hours if shape(hour) * (level + growth * hour / 24) >= ceiling)


def test_a_trend_without_noise_is_found_to_the_day():
    """Eight workers are 80 % busy at 128 requests a second."""
    found = look_ahead("m", recorded(21, 60, 1.5))
    assert found.limit == "worker"
    assert found.ceiling == pytest.approx(128, rel=0.01)
    assert abs(found.meets - true_day(60, 1.5, 128, 21 * 24)) <= DAY_S
    assert found.growth_per_day == pytest.approx(1.5 * 0.6 * 0.886, rel=0.05)
    assert found.correlations["worker"] == pytest.approx(1.0)
    assert found.correlations["GPU"] is None


@pytest.mark.parametrize("days", [14, 28])
def test_the_interval_has_the_day_in_it(days):
    """In nine of ten noisy histories at least."""
    truth = true_day(60, 1.0, 128, days * 24)
    inside = 0
    for seed in range(40):
        found = look_ahead("m", recorded(days, 60, 1.0, noise=0.1, seed=seed))
        low, high = found.meets_interval
        inside += low - DAY_S <= truth <= (high or math.inf) + DAY_S
    assert inside >= 36


def test_without_growth_the_ceiling_is_not_met():
    """Not in two years, and there are too many workers."""
    found = look_ahead("m", recorded(14, 40, 0.0))
    assert found.meets is None
    assert (found.workers_now, found.workers_needed) == (8, 3)


def test_gaps_are_left_out():
    """Six hours away do not count as idle."""
    hours = recorded(21, 60, 1.5)
    found = look_ahead("m", hours[:100] + hours[106:])
    assert found.missing_hours == 6
    assert any("6 hours are missing" in remark for remark in found.remarks)
    assert abs(found.meets - true_day(60, 1.5, 128, 21 * 24)) <= 2 * DAY_S


def test_little_history_has_no_trend():
    """But busiest hours and a size."""
    found = look_ahead("m", recorded(3, 60, 1.5))
    assert found.growth_per_day is None
    assert found.busiest[0][1] == max(rate for _, rate in found.busiest)
    assert any("7 days" in remark for remark in found.remarks)


def test_no_history_is_refused_by_name():
    """With the model."""
    with pytest.raises(ConfigurationError, match="'gone'"):
        look_ahead("gone", [])


def test_what_is_not_known_is_none():
    """NaN, and hours without a rate."""
    found = hours_of(
        {
            "rate": {0: 1.0, 3600: math.nan, 7200: 2.0},
            "workers": {0: 2.0},
            "busy_s": {0: 1.0},
            "queue_s": {7200: math.nan},
        }
    )
    assert found == [Hour(0, 1.0, 2.0, 0.5), Hour(7200, 2.0)]


@pytest.mark.parametrize(
    ("goodput", "interval", "words"),
    [
        (14.0, [12.0, 17.0], "right"),
        (22.0, [19.5, 24.0], "too hopeful"),
        (3.0, [2.0, 4.0], "too careful"),
        (25.0, [0.0, None], "not tried"),
    ],
)
def test_a_plan_is_held_against_the_hours(goodput, interval, words):
    """Up to 18.3 a worker kept 0.5 s, and more did not."""
    hours = [Hour(at, 8.0 * at, 8, None, took_s=0.1 if at < 18 else 0.9) for at in range(1, 20)]
    plan = {"goodput_per_worker": goodput, "goodput_per_worker_interval": interval}
    assert check(plan, 0.5, hours).words.startswith(words)


def test_what_is_no_plan_is_refused():
    """With the option."""
    with pytest.raises(ConfigurationError, match="--check"):
        check({"goodput_per_worker": "x"}, 0.5, [])
