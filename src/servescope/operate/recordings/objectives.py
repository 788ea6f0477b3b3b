"""Objectives: in, the server's own judgement of each request; out, shares that missed and burn rates over seven windows.

Windows up to one hour are read from the counters, longer ones from what is recorded: of 200 models with four objectives
three days of counters are 28 million samples. Two hours are two times one, and six three times two. Days are means of means:
a count over 5 minutes that is recorded every 15 s, the interval of the scrapes, weighs each scrape alike, so the shares of
these are the window's.

What missed is the difference of two counts, and its share one of two counts. All are recorded, each after what it is taken
from or divided by: vmalert reads them back from storage, and where one of them is late, too little has missed for an
interval, and never too much.
"""

from typing import Final

from servescope.operate.promql import (
    Expression,
    Recording,
    Recordings,
    Selector,
    avg_over_time,
    clamp_min,
    max_by,
    metric,
    ratio,
    recent,
    share,
    sum_counted,
    sum_gained,
    sum_over_time,
)
from servescope.operate.recordings.levels import MODEL_SLO

WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
BUDGET: Final = "model_slo:servescope_slo_budget:ratio"
ERRORS: Final = "model_slo:servescope_slo_errors:"
REQUESTS: Final = "model_slo:servescope_slo_requests:"
GOOD: Final = "model_slo:servescope_slo_good:"
BURN: Final = "model_slo:servescope_slo_burn:"


def minutes_recordings() -> tuple[Recording, ...]:
    """Windows up to one hour, and the error budget."""
    target = max_by(recent(metric("servescope_slo_target_ratio")), *MODEL_SLO)
    budget = Recording(BUDGET, 1 - target)
    return (budget, *_counted("5m", budget), *_counted("30m", budget), *_counted("1h", budget))


def hours_recordings(minutes: Recordings) -> tuple[Recording, ...]:
    """Two hours, which are two times one, and six, which are three times two."""
    budget = minutes[BUDGET]
    two = _joined("2h", minutes, "1h", ("1h",), budget)
    return (*two, *_joined("6h", Recordings(two), "2h", ("2h", "4h"), budget))


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
            window,
            ratio(sum_over_time(errors, window), clamp_min(sum_over_time(requests, window), 1e-6)),
            minutes[BUDGET],
        )
    )


def _counted(window: str, budget: Recording) -> tuple[Recording, ...]:
    """From the counters: requests, those that missed, their share, and the burn rate.

    Short windows may forget what was before a restart: a long one goes with each. The long ones must not, as a model that
    has just begun again may refuse for want of workers, and has no hour of other answers then.
    """
    count = sum_gained if window in ("5m", "30m") else sum_counted
    good, requests = (
        Recording(f"{name}count{window}", count(metric(counter), window, *MODEL_SLO))
        for name, counter in ((GOOD, "servescope_slo_good_total"), (REQUESTS, "servescope_slo_requests_total"))
    )
    return _missed(window, good, requests, budget)


def _missed(window: str, good: Recording, requests: Recording, budget: Recording) -> tuple[Recording, ...]:
    """Both counts, and after them those that missed, their share, and the burn rate."""
    errors = Recording(f"{ERRORS}count{window}", clamp_min(requests.read.now - good.read.now, 0))
    return (good, requests, errors, *_burning(window, share(errors.read.now, requests.read.now), budget))


def _joined(
    window: str, shorter: Recordings, part: str, ago: tuple[str, ...], budget: Recording
) -> tuple[Recording, ...]:
    """From what is recorded of a shorter window: its counts now and so long ago, added up."""
    good, requests = (
        Recording(f"{name}count{window}", _added(shorter.read(f"{name}count{part}"), ago)) for name in (GOOD, REQUESTS)
    )
    return _missed(window, good, requests, budget)


def _added(count: Selector, ago: tuple[str, ...]) -> Expression:
    """One of before the model was there is 0."""
    added = count.now
    for offset in ago:
        added = added + count.ago(offset).or_else(count.now * 0)
    return added


def _burning(window: str, missed: Expression, budget: Recording) -> tuple[Recording, Recording]:
    """The share that missed in a window, and how many times faster than it lasts the budget burns at that."""
    part = Recording(f"{ERRORS}ratio_{window}", missed)
    return part, Recording(f"{BURN}rate{window}", ratio(part.read.now, budget.read.now))
