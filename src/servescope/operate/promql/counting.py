"""How many there were: in, counters and windows; out, counts that mean the same in Prometheus and in VictoriaMetrics.

The two disagree about series that are younger than the window. Of one that it sees for the first time at 5, MetricsQL's
`increase` may make 5 events of long ago, its `rate` divides by the few seconds that it knows of, and its `changes` counts
the first value. So a count here begins at the first sample that was scraped, whoever scrapes. Used by recordings and alerts.
"""

import re
from typing import Final

from servescope.operate.promql.aggregation import sum_by
from servescope.operate.promql.expression import Expression
from servescope.operate.promql.functions import (
    counter_of,
    increase,
    last_over_time,
    min_over_time,
    recent,
    window_text,
)
from servescope.operate.promql.selector import TARGET, Selector, metric

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def sum_gained(selector: Selector, window: str, *by: str, ago: str = "") -> Expression:
    """By these labels, the counters' last values less their least in the window, which ends so long `ago`: whole numbers,
    nothing extrapolated.

    After a restart of the server they begin anew, so it is for windows up to half an hour, and for the least number of
    events. Each side is summed by itself, which costs much less than to subtract thousands of series.
    """
    within = _within(window)
    last, least = last_over_time(counter_of(selector), within, ago), min_over_time(selector, within, ago)
    return sum_by(last, *by) - sum_by(least, *by)


def sum_counted(selector: Selector, window: str, *by: str) -> Expression:
    """The same for long windows: of servers that were started within it, what was counted before that as well. One that went
    within it, as a pod does that another one replaces, keeps what it had counted.
    """
    within = _within(window)
    gained = last_over_time(counter_of(selector), within) - min_over_time(selector, within)
    known = increase(selector, window).and_on(last_over_time(selector, "2m", window))
    return sum_by(known.and_on(young(window), *sorted(TARGET)).or_else(gained), *by)


def young(window: str) -> Expression:
    """The servers that were started within the window."""
    age = Expression(f"(time() - {recent(metric('process_start_time_seconds'))})", TARGET)
    return age < seconds_of(window)


def rises(selector: Selector, window: str) -> Expression:
    """How often a gauge went up in the window, looked at every 15 seconds."""
    return Expression(f"resets((0 - {selector})[{window_text(window)}:15s])", selector.labels)


def seconds_of(window: str) -> int:
    """A window such as `5m` or `1h30m` in seconds."""
    return sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)([smhd])", window_text(window)))


def _within(window: str) -> str:
    """A second less: a scrape just at a window's begin is in it in some Prometheus, and in others not."""
    return f"{seconds_of(window) - 1}s"
