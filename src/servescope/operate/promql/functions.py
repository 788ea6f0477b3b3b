"""PromQL's functions: in, selectors and windows; out, expressions.

Windows are durations as `5m`, or Grafana's variables. `rate` and `increase` want counters, so a gauge is refused.
"""

import re
from typing import Final

from servescope.operate.promql.expression import Expression, PromqlError
from servescope.operate.promql.matchers import quoted
from servescope.operate.promql.selector import Selector

_WINDOW: Final = re.compile(r"(\d+(ms|[smhdwy]))+|\$(__rate_interval|__interval|__range)")


def window_text(window: str) -> str:
    """The window. Raises PromqlError for what is neither a duration nor a variable of Grafana's."""
    if not _WINDOW.fullmatch(window):
        raise PromqlError(f"{window!r} is no window such as 5m, 1h, $__rate_interval")
    return window


def _over(name: str, selector: Selector, window: str, before: str = "", after: str = "") -> Expression:
    return Expression(f"{name}({before}{selector.over(window_text(window))}{after})", selector.labels)


def rate(selector: Selector, window: str) -> Expression:
    """Increase a second, resets allowed for."""
    return _over("rate", counter_of(selector), window)


def increase(selector: Selector, window: str) -> Expression:
    """Increase over the window, resets allowed for."""
    return _over("increase", counter_of(selector), window)


def delta(selector: Selector, window: str) -> Expression:
    """A gauge's change over the window."""
    return _over("delta", selector, window)


def avg_over_time(selector: Selector, window: str) -> Expression:
    """The mean of the samples in the window."""
    return _over("avg_over_time", selector, window)


def sum_over_time(selector: Selector, window: str) -> Expression:
    """The sum of the samples in the window."""
    return _over("sum_over_time", selector, window)


def max_over_time(selector: Selector, window: str) -> Expression:
    """The largest sample in the window."""
    return _over("max_over_time", selector, window)


def min_over_time(selector: Selector, window: str, ago: str = "") -> Expression:
    """The smallest sample in the window, which ends so long `ago`, or now."""
    return _over("min_over_time", selector, window, after=_offset(ago))


def last_over_time(selector: Selector, window: str, ago: str = "") -> Expression:
    """The last sample in the window, which ends so long `ago`, such as `15m`, or now."""
    return _over("last_over_time", selector, window, after=_offset(ago))


def recent(selector: Selector) -> Expression:
    """A gauge's last sample, unless it is older than two minutes.

    Where a scrape fails, Prometheus ends the target's series at once, and what waits for `for` would begin anew.
    """
    return last_over_time(selector, "2m")


def count_over_time(selector: Selector, window: str) -> Expression:
    """How many samples there are in the window."""
    return _over("count_over_time", selector, window)


def predict_linear(selector: Selector, window: str, seconds: int) -> Expression:
    """Where a gauge will be in so many seconds, by the line through the window."""
    return _over("predict_linear", selector, window, after=f", {seconds}")


def clamp_min(expression: Expression, least: float) -> Expression:
    """The values, raised to `least` where they are below."""
    return Expression(f"clamp_min({expression}, {least:g})", expression.labels)


def clamp_max(expression: Expression, most: float) -> Expression:
    """The values, lowered to `most` where they are above."""
    return Expression(f"clamp_max({expression}, {most:g})", expression.labels)


def absent(selector: Selector) -> Expression:
    """1 where there are no such series, with the labels that equality matchers give."""
    return Expression(f"absent({selector})", frozenset(one.label for one in selector.matchers if one.operator == "="))


def text_function(name: str, expression: Expression) -> Expression:
    """A function of one vector that keeps its labels, such as `sort_desc`, `abs`, `histogram_count`."""
    if name not in ("sort", "sort_desc", "abs", "ceil", "floor", "round", "histogram_count", "histogram_sum"):
        raise PromqlError(f"{name} is none of the functions that keep labels")
    return Expression(f"{name}({expression})", expression.labels)


def label_text(expression: Expression, label: str, value: str) -> Expression:
    """The series with one more label, of this value (Go's `$1` has no meaning in it, as `$` is written `$$`)."""
    text = f'label_replace({expression}, {quoted(label)}, {quoted(value.replace("$", "$$"))}, "", "")'
    return Expression(text, (expression.labels or frozenset()) | {label})


def _offset(ago: str) -> str:
    return f" offset {window_text(ago)}" if ago else ""


def counter_of(selector: Selector) -> Selector:
    """The selector. Raises PromqlError for a gauge, which has no rate."""
    if selector.kind == "gauge":
        raise PromqlError(f"{selector.name} is a gauge, which has no rate")
    return selector
