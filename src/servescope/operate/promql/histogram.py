"""What is asked of a histogram, in either form: in, its selector, a window, labels; out, expressions.

`classic` reads the series `_bucket`, `_count` and `_sum`, `native` the series of the family's own name. Rules and boards are
written once, and one switch says which form Prometheus keeps (docs/measuring.md, "What Prometheus keeps").
"""

from typing import Final, Literal, get_args

from servescope.operate.promql.aggregation import sum_by
from servescope.operate.promql.expression import Expression, PromqlError, number
from servescope.operate.promql.functions import increase, rate, text_function
from servescope.operate.promql.selector import Selector

Form = Literal["classic", "native"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)


def quantile(share: float | str, histogram: Selector, window: str, by: tuple[str, ...], form: Form) -> Expression:
    """A quantile of what was observed in the window, in the family's unit; `share` from 0 to 1, or `$quantile`."""
    _refuse_other(histogram)
    return quantile_of(share, heat(histogram, window, by, form))


def quantile_of(share: float | str, buckets: Expression) -> Expression:
    """A quantile of what a vector of buckets' rates holds (`heat`, or a sum of what is recorded of it)."""
    if isinstance(share, str):
        if share != "$quantile":
            raise PromqlError(f"{share!r} is no quantile: give a number from 0 to 1 or $quantile")
    elif not 0 <= share <= 1:
        raise PromqlError(f"a quantile of {share} is not between 0 and 1")
    text = share if isinstance(share, str) else str(number(share))
    return Expression(f"histogram_quantile({text}, {buckets})", (buckets.labels or frozenset()) - {"le"})


def heat(histogram: Selector, window: str, by: tuple[str, ...], form: Form) -> Expression:
    """The buckets' rates in the window: by `le` in the classic form, histograms in the native one."""
    _refuse_other(histogram)
    if form == "classic":
        return sum_by(rate(histogram.bucket, window), *by, "le")
    return sum_by(rate(histogram, window), *by)


def events_rate(histogram: Selector, window: str, by: tuple[str, ...], form: Form) -> Expression:
    """Observations a second."""
    _refuse_other(histogram)
    if form == "classic":
        return sum_by(rate(histogram.count, window), *by)
    return sum_by(text_function("histogram_count", rate(histogram, window)), *by)


def events_increase(histogram: Selector, window: str, by: tuple[str, ...], form: Form) -> Expression:
    """Observations in the window."""
    _refuse_other(histogram)
    if form == "classic":
        return sum_by(increase(histogram.count, window), *by)
    return sum_by(text_function("histogram_count", increase(histogram, window)), *by)


def sum_rate(histogram: Selector, window: str, by: tuple[str, ...], form: Form) -> Expression:
    """What was observed, added up, a second: of a duration, how many were under way on average."""
    _refuse_other(histogram)
    if form == "classic":
        return sum_by(rate(histogram.sum, window), *by)
    return sum_by(text_function("histogram_sum", rate(histogram, window)), *by)


def mean(histogram: Selector, window: str, by: tuple[str, ...], form: Form) -> Expression:
    """The mean of what was observed in the window, in the family's unit; NaN where nothing was."""
    return sum_rate(histogram, window, by, form) / events_rate(histogram, window, by, form)


def _refuse_other(histogram: Selector) -> None:
    if histogram.kind != "histogram":
        raise PromqlError(f"{histogram.name} is no histogram")
