"""The lines of series in text format 0.0.4, quickly: the place where a large scrape spends its time.

In: series of one family. Out: their lines, in texts of about PIECE samples. Called by `text`. Scalars: a function for each
usual number of labels, since an f-string with the pieces in local variables takes 0.4 of the time of a format that is
applied to a tuple. Histograms: all lines of a series are one template, made once for all series with the same bounds; a
series formats its counts into it and replaces the mark in each line by its labels, two calls into C for 19 lines. Of a
series without values, as nearly all of an idle model are, the lines are joined by its labels, in a third of that time.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from servescope.metrics.definitions import Definition
from servescope.metrics.instruments import Counter, Gauge, Histogram

Scalars = Sequence[Counter | Gauge]
# Samples that are made between two looks at the clock: some 50 µs.
PIECE = 100
# Stands for a series' labels in a template; no name, bound or count contains it, and the labels come in last.
MARK = "\0"


def number(value: float) -> str:
    """A value as the format spells it."""
    if value - value == 0.0:
        return repr(value + 0.0)  # adding 0.0 makes a float of an int that somebody assigned
    return "NaN" if math.isnan(value) else "+Inf" if value > 0.0 else "-Inf"


def spell(bound: float) -> str:
    """A bound as Go's `%g` has it, but always with a point or an exponent: OpenMetrics' canonical spelling, and the one that
    Prometheus gives the bounds of protobuf, and 3.0 those of the text formats. In all of them, as another one is another series.
    """
    text = number(bound)
    if abs(bound) < 1e6 or "e" in text or not math.isfinite(bound):
        return text
    whole = text.removesuffix(".0").lstrip("-")
    exponent = len(whole.partition(".")[0]) - 1
    digits = whole.replace(".", "").rstrip("0")
    mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    return f"{'-' if bound < 0 else ''}{mantissa}e+{exponent:02d}"


def histogram_pieces(definition: Definition, series: Iterable[Histogram], wanted: frozenset[str]) -> Iterator[str]:
    """Texts of about PIECE samples: buckets, count and sum of each series, or those of them that are `wanted`, a set of
    samples' names.
    """
    text_of = _HistogramText(definition, wanted)
    for some in batches(series, len(definition.buckets) + 3):
        yield "".join(map(text_of, some))


def batches(series: Iterable[Histogram], samples: int) -> Iterator[list[Histogram]]:
    """The series, so many at once that they have about PIECE samples. `samples`: those of each.

    One with many values that are yet to be counted is alone.
    """
    most = max(1, PIECE // samples)
    some: list[Histogram] = []
    for one in series:
        slow = len(one.pending) > PIECE
        if some and (slow or len(some) >= most):
            yield some
            some = []
        if slow:
            yield [one]
        else:
            some.append(one)
    yield some


class _HistogramText:
    """Makes the text of each series of one family."""

    __slots__ = ("_bounds", "_labels", "_name", "_shown", "_template", "_zeros")

    def __init__(self, definition: Definition, wanted: frozenset[str]) -> None:
        shown = [not wanted or sample in wanted for sample in definition.sample_names]
        self._shown = tuple(shown) if definition.kind == "histogram" else (False, *shown)
        self._name = definition.name
        self._labels = "".join(f'{label}="%s",' for label in definition.labels)
        self._bounds: tuple[float, ...] | None = None
        self._template: str = ""
        self._zeros: Sequence[str] = ()

    def __call__(self, one: Histogram) -> str:
        if one.bounds is not self._bounds:
            self._bounds = one.bounds
            self._template, self._zeros = _templates(self._name, bool(self._labels), one.bounds, self._shown)
        cumulative, total = one.cumulative, one.sum
        labels = self._labels % one.labels
        if not cumulative[-1] and not total:
            return labels.join(self._zeros)
        return (self._template % (*cumulative, cumulative[-1], number(total))).replace(MARK, labels)


@lru_cache(maxsize=1024)
def _templates(name: str, labelled: bool, bounds: tuple[float, ...], shown: tuple[bool, ...]) -> tuple[str, list[str]]:
    """A series' lines, for its cumulative counts, its count and its sum to be formatted in, MARK where its labels go;
    and what stands between the labels of one without values. `shown`: whether buckets, count and sum are; what is not
    is formatted as nothing.
    """
    buckets, count, total = shown
    braces = f"{{{MARK}}}" if labelled else ""
    uppers = (*bounds, math.inf)
    lines = [f'{name}_bucket{{{MARK}le="{spell(upper)}",}} %d.0\n' if buckets else "%.0s" for upper in uppers]
    lines.append(f"{name}_count{braces} %d.0\n" if count else "%.0s")
    lines.append(f"{name}_sum{braces} %s\n" if total else "%.0s")
    template = "".join(lines)
    return template, (template % (*((0,) * (len(bounds) + 2)), number(0.0))).split(MARK)


def scalar_pieces(definition: Definition, series: Scalars) -> Iterator[str]:
    """Texts of PIECE samples, a line a series."""
    pieces = _pieces(definition)
    write = {2: _one, 3: _two, 4: _three, 5: _four}.get(len(pieces), _any)
    for start in range(0, len(series), PIECE):
        part = series[start : start + PIECE]
        values = [one.value + 0.0 for one in part]
        total = sum(values)
        yield "".join(
            write(pieces, part, values if total - total == 0.0 else [_Spelt(number(value)) for value in values])
        )


class _Spelt(str):
    """A text that is its own repr, so that the f-strings below need not ask of each value whether it is a number."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _pieces(definition: Definition) -> tuple[str, ...]:
    """What stands before, between and after the label values, up to the sample's value."""
    if not definition.labels:
        return (f"{definition.name} ",)
    first, *others = definition.labels
    return (f'{definition.name}{{{first}="', *(f'",{label}="' for label in others), '",} ')


Values = Sequence[float] | Sequence[_Spelt]


def _one(pieces: tuple[str, ...], series: Scalars, values: Values) -> list[str]:
    a, b = pieces
    return [f"{a}{one.labels[0]}{b}{value!r}\n" for one, value in zip(series, values, strict=True)]


def _two(pieces: tuple[str, ...], series: Scalars, values: Values) -> list[str]:
    a, b, c = pieces
    lines = []
    for one, value in zip(series, values, strict=True):
        x, y = one.labels
        lines.append(f"{a}{x}{b}{y}{c}{value!r}\n")
    return lines


def _three(pieces: tuple[str, ...], series: Scalars, values: Values) -> list[str]:
    a, b, c, d = pieces
    lines = []
    for one, value in zip(series, values, strict=True):
        x, y, z = one.labels
        lines.append(f"{a}{x}{b}{y}{c}{z}{d}{value!r}\n")
    return lines


def _four(pieces: tuple[str, ...], series: Scalars, values: Values) -> list[str]:
    a, b, c, d, e = pieces
    lines = []
    for one, value in zip(series, values, strict=True):
        w, x, y, z = one.labels
        lines.append(f"{a}{w}{b}{x}{c}{y}{d}{z}{e}{value!r}\n")
    return lines


def _any(pieces: tuple[str, ...], series: Scalars, values: Values) -> list[str]:
    template = "%s".join(pieces) + "%r\n"
    return [template % (*one.labels, value) for one, value in zip(series, values, strict=True)]
