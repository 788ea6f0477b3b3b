"""The lines of series in OpenMetrics: no comma after the last label, whole counts, canonical bounds, exemplars.

In: series of one family. Out: their lines as one text. Called by `openmetrics`. What OpenMetrics forbids is left out:
counters and sums that are negative or NaN, exemplars that are too long.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

from servescope.metrics.exposition.lines import MARK, number, spell
from servescope.metrics.instruments import Counter, Exemplar, Gauge, Histogram

# OpenMetrics' limit for the names and values of an exemplar's labels, in characters.
_MOST_CHARACTERS = 128


def scalar_lines(name: str, labels: tuple[str, ...], series: Sequence[Counter | Gauge], *, grows: bool) -> str:
    """A line a series; `grows`: values must be ≥ 0."""
    template = f"{name}{_braces(labels)} %s\n"
    lines = []
    for one in series:
        value = one.value + 0.0
        if value >= 0.0 or not grows:
            lines.append(template % (*one.labels, repr(value) if value - value == 0.0 else number(value)))
    return "".join(lines)


def histogram_lines(name: str, labels: tuple[str, ...], series: Sequence[Histogram]) -> str:
    """Buckets, count and sum of each series. A sum that OpenMetrics forbids (also that of negative bounds) is left out
    together with the count, which may not stand without it.
    """
    label_template = ",".join([f'{label}="%s"' for label in labels])
    return "".join([_histogram(name, label_template % one.labels, one) for one in series])


def _histogram(name: str, labels: str, one: Histogram) -> str:
    """The series' lines. `labels`: its label pairs."""
    cumulative, total = one.cumulative, one.sum
    buckets, sums, zeros = _templates(name, bool(labels), one.bounds)
    if not cumulative[-1] and not total:
        return labels.join(zeros)
    body = buckets % cumulative
    exemplars = one.exemplars
    if exemplars:
        body = _marked(body, exemplars)
    if total >= 0.0 and not _goes_below_zero(one.bounds):
        body += sums % (cumulative[-1], number(total))
    return body.replace(MARK, labels)


def _goes_below_zero(bounds: tuple[float, ...]) -> bool:
    return bool(bounds) and bounds[0] < 0.0


def summary_lines(name: str, labels: tuple[str, ...], series: Sequence[Histogram]) -> str:
    """Count and sum of each series."""
    template = _braces(labels)
    lines: list[str] = []
    for one in series:
        braces = template % one.labels
        lines.append(f"{name}_count{braces} {one.count}\n")
        if one.sum >= 0.0:
            lines.append(f"{name}_sum{braces} {number(one.sum)}\n")
    return "".join(lines)


def _braces(labels: tuple[str, ...]) -> str:
    """The template of label values in braces; nothing without labels."""
    inner = ",".join(f'{label}="%s"' for label in labels)
    return f"{{{inner}}}" if inner else ""


@lru_cache(maxsize=1024)
def _templates(name: str, labelled: bool, bounds: tuple[float, ...]) -> tuple[str, str, list[str]]:
    """A series' bucket lines for its cumulative counts, and its other lines for count and sum, MARK where its labels go;
    and what stands between the labels of one without values.
    """
    before, braces = (f"{MARK},", f"{{{MARK}}}") if labelled else ("", "")
    buckets = "".join([f'{name}_bucket{{{before}le="{spell(bound)}"}} %d\n' for bound in (*bounds, math.inf)])
    sums = f"{name}_count{braces} %d\n{name}_sum{braces} %s\n"
    zeros = buckets % ((0,) * (len(bounds) + 1))
    if not _goes_below_zero(bounds):
        zeros += sums % (0, number(0.0))
    return buckets, sums, zeros.split(MARK)


def _marked(body: str, exemplars: dict[int, Exemplar]) -> str:
    """The buckets' lines with these exemplars, by bucket.

    An id that is too long or would need escapes, which not every parser takes there, is left out.
    """
    lines = body.split("\n")
    for index, (label, value, observed, at) in exemplars.items():
        needs_escapes = '"' in value or "\\" in value or "\n" in value or MARK in value
        if len(label) + len(value) <= _MOST_CHARACTERS and not needs_escapes:
            lines[index] += f' # {{{label}="{value}"}} {number(observed)} {at:.3f}'
    return "\n".join(lines)
