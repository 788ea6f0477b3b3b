"""How many there were: in, counters and windows; out, counts that mean the same in Prometheus and in VictoriaMetrics.

The two disagree about series that are younger than the window. Of one that it sees for the first time at 5, MetricsQL's
`increase` may make 5 events of long ago, its `rate` divides by the few seconds that it knows of, and its `changes` counts
the first value. So a count here begins at the first sample that was scraped, whoever scrapes. Used by recordings and alerts.
"""

import re
from typing import Final

from servescope.operate.promql.expression import Expression
from servescope.operate.promql.functions import counter_of, increase, last_over_time, min_over_time, rate, window_text
from servescope.operate.promql.selector import Selector

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def gained(selector: Selector, window: str, ago: str = "") -> Expression:
    """A counter's last value less its least in the window, which ends so long `ago`: whole numbers, nothing extrapolated.

    After a restart of the server it begins anew, so it is for windows up to half an hour, and for the least number of
    events. The window is a second shorter than it says: a scrape just at its begin is in it in some Prometheus, in others not.
    """
    least = min_over_time(selector, f"{seconds_of(window) - 1}s", ago)
    return last_over_time(counter_of(selector), "2m", ago) - least


def counted(selector: Selector, window: str) -> Expression:
    """What was `gained` in the window, and where the counter began anew in it, what came before that as well."""
    restarted = Expression(f"resets({selector.over(window_text(window))})", selector.labels) > 0
    return gained(selector, window).unless_on(restarted).or_else(increase(selector, window))


def per_second(selector: Selector, window: str) -> Expression:
    """The rate, as Prometheus' `rate` has it; of a series that is younger than the window, what was `gained` all over it."""
    known = rate(selector, window).and_on(last_over_time(selector, "2m", window))
    return known.or_else(gained(selector, window) / seconds_of(window))


def rises(selector: Selector, window: str) -> Expression:
    """How often a gauge went up in the window, looked at every 15 seconds."""
    return Expression(f"resets((0 - {selector})[{window_text(window)}:15s])", selector.labels)


def seconds_of(window: str) -> int:
    """A window such as `5m` or `1h30m` in seconds."""
    return sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)([smhd])", window_text(window)))
