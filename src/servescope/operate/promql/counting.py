"""How many there were: in, counters and windows; out, counts that mean the same in Prometheus and in VictoriaMetrics.

The two disagree about series that are younger than the window. Of one that it sees for the first time at 5, MetricsQL's
`increase` may make 5 events of long ago, its `rate` divides by the few seconds that it knows of, and its `changes` counts
the first value. So a count here begins at the first sample that was scraped, whoever scrapes. Used by recordings and alerts.
"""

import re
from typing import Final

from servescope.operate.promql.expression import Expression
from servescope.operate.promql.functions import counter_of, increase, last_over_time, min_over_time, window_text
from servescope.operate.promql.selector import Selector

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def gained(selector: Selector, window: str, ago: str = "") -> Expression:
    """A counter's last value less its least in the window, which ends so long `ago`: whole numbers, nothing extrapolated.

    After a restart of the server it begins anew, so it is for short windows, and for the least number of events.
    """
    return last_over_time(counter_of(selector), "2m", ago) - min_over_time(selector, window, ago)


def counted(selector: Selector, window: str) -> Expression:
    """A counter's increase over the window, restarts included; of a series that is younger, what it `gained`."""
    return increase(selector, window).and_on(last_over_time(selector, "2m", window)).or_else(gained(selector, window))


def per_second(selector: Selector, window: str) -> Expression:
    """What was `counted`, a second. Of a young series it is the events over the whole window, as Prometheus' `rate` is."""
    return counted(selector, window) / seconds_of(window)


def rises(selector: Selector, window: str) -> Expression:
    """How often a gauge went up in the window, looked at every 15 seconds."""
    return Expression(f"resets((0 - {selector})[{window_text(window)}:15s])", selector.labels)


def seconds_of(window: str) -> int:
    """A window such as `5m` or `1h30m` in seconds."""
    return sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)([smhd])", window_text(window)))
