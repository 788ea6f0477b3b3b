"""Objectives: in, the server's own judgement of each request; out, shares that missed and burn rates over seven windows.

Windows up to two hours are read from the counters, longer ones from what is recorded: of 200 models with four objectives
three days of counters are 28 million samples. Six hours are three times two. Days are means of means: a count over 5 minutes
that is recorded every 15 s, the interval of the scrapes, weighs each scrape alike, so the shares of these are the window's.

What missed is the difference of two counters, read at once from both, since what was recorded may be read back late. The
requests are recorded before what missed, so where one of the two is late, the share is too small and never too large.
"""

from typing import Final

from servescope.operate.promql import (
    Expression,
    Recording,
    Recordings,
    Selector,
    avg_over_time,
    clamp_min,
    counted,
    max_by,
    metric,
    ratio,
    recent,
    sum_by,
    sum_over_time,
)
from servescope.operate.recordings.levels import MODEL_SLO

WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
BUDGET: Final = "model_slo:servescope_slo_budget:ratio"
ERRORS: Final = "model_slo:servescope_slo_errors:"
REQUESTS: Final = "model_slo:servescope_slo_requests:"
BURN: Final = "model_slo:servescope_slo_burn:"


def minutes_recordings() -> tuple[Recording, ...]:
    """Windows up to one hour, and the error budget."""
    target = max_by(recent(metric("servescope_slo_target_ratio")), *MODEL_SLO)
    budget = Recording(BUDGET, 1 - target)
    return (budget, *_counted("5m", budget), *_counted("30m", budget), *_counted("1h", budget))


def hours_recordings(minutes: Recordings) -> tuple[Recording, ...]:
    """Two hours, and six, which are three times two."""
    budget = minutes[BUDGET]
    two = Recordings(_counted("2h", budget))
    requests = Recording(REQUESTS + "count6h", _three(two.read(REQUESTS + "count2h")))
    errors = Recording(ERRORS + "count6h", _three(two.read(ERRORS + "count2h")))
    return (*two.values(), requests, errors, *_shares("6h", errors, requests, budget))


def means_recordings(minutes: Recordings) -> tuple[Recording, ...]:
    """What days are made of: means over ten minutes, which is this group's interval."""
    errors, requests = minutes.read(ERRORS + "count5m"), minutes.read(REQUESTS + "count5m")
    return (
        Recording(REQUESTS + "mean10m", avg_over_time(requests, "10m")),
        Recording(ERRORS + "mean10m", avg_over_time(errors, "10m")),
    )


def days_recordings(minutes: Recordings, means: Recordings) -> tuple[Recording, ...]:
    """Windows of days."""
    errors, requests = means.read(ERRORS + "mean10m"), means.read(REQUESTS + "mean10m")
    return tuple(
        rule
        for window in ("1d", "3d")
        for rule in _burning(
            window, ratio(sum_over_time(errors, window), sum_over_time(requests, window)), minutes[BUDGET]
        )
    )


def _counted(window: str, budget: Recording) -> tuple[Recording, ...]:
    """From the counters: requests, those that missed, their share, and the burn rate."""
    asked = sum_by(counted(metric("servescope_slo_requests_total"), window), *MODEL_SLO)
    good = sum_by(counted(metric("servescope_slo_good_total"), window), *MODEL_SLO)
    requests = Recording(f"{REQUESTS}count{window}", asked)
    errors = Recording(f"{ERRORS}count{window}", clamp_min(asked - good, 0))
    return (requests, errors, *_shares(window, errors, requests, budget))


def _three(two_hours: Selector) -> Expression:
    """The sum over three windows of two hours; one before the model was there counts as 0."""
    nothing = two_hours.now * 0
    return two_hours.now + two_hours.ago("2h").or_else(nothing) + two_hours.ago("4h").or_else(nothing)


def _shares(window: str, errors: Recording, requests: Recording, budget: Recording) -> tuple[Recording, Recording]:
    return _burning(window, ratio(errors.read.now, requests.read.now), budget)


def _burning(window: str, missed: Expression, budget: Recording) -> tuple[Recording, Recording]:
    """The share that missed in a window, and how many times faster than it lasts the budget burns at that."""
    share = Recording(f"{ERRORS}ratio_{window}", missed)
    return share, Recording(f"{BURN}rate{window}", ratio(share.read.now, budget.read.now))
