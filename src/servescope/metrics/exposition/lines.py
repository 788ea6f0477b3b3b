"""The lines of series in text format 0.0.4, quickly: the place where a large scrape spends its time.

In: series of one family. Out: their lines, in texts of about PIECE samples. Called by `text`. Scalars: a function for each
usual number of labels, since an f-string with the pieces in local variables takes 0.4 of the time of a format that is
applied to a tuple. Histograms: the lines of all buckets are one template, made once for all series with the same bounds; a
series formats its counts into it and replaces the mark before each line by its name and labels, two calls into C for 17
lines.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from servescope.metrics.definitions import Definition
from servescope.metrics.instruments import Counter, Gauge, Histogram

Scalars = Sequence[Counter | Gauge]
# Samples that are made between two looks at the clock: some 50 µs.
PIECE = 100
# Stands for a line's beginning in a template; no bound or count contains it, and names and labels come in after it.
_MARK = "\0"


def number(value: float) -> str:
    """A value as the format spells it."""
    if value - value == 0.0:
        return repr(value + 0.0)  # adding 0.0 makes a float of an int that somebody assigned
    return "NaN" if math.isnan(value) else "+Inf" if value > 0.0 else "-Inf"


def histogram_pieces(definition: Definition, series: Iterable[Histogram], wanted: frozenset[str]) -> Iterator[str]:
    """Texts of about PIECE samples: buckets, count and sum of each series, or those of them that are `wanted`, a set of
    samples' names. A series with many values that are yet to be counted is a piece of its own.
    """
    text_of = _HistogramText(definition, wanted)
    most = max(1, PIECE // (len(definition.buckets) + 3))
    texts: list[str] = []
    for one in series:
        slow = len(one.pending) > PIECE
        if texts and (slow or len(texts) >= most):
            yield "".join(texts)
            texts.clear()
        texts.append(text_of(one))
        if slow:
            yield texts.pop()
    yield "".join(texts)


class _HistogramText:
    """Makes the text of each series of one family."""

    __slots__ = ("_bounds", "_buckets", "_counts", "_labels", "_name", "_sums", "_template", "_zeros")

    def __init__(self, definition: Definition, wanted: frozenset[str]) -> None:
        shown = [not wanted or sample in wanted for sample in definition.sample_names]
        self._buckets, self._counts, self._sums = shown if definition.kind == "histogram" else (False, *shown)
        self._name = definition.name
        self._labels = "".join(f'{label}="%s",' for label in definition.labels)
        self._bounds = definition.buckets
        self._template, self._zeros = _bucket_templates(self._bounds)

    def __call__(self, one: Histogram) -> str:
        cumulative = one.cumulative
        labels = self._labels % one.labels
        braces = f"{{{labels}}}" if labels else ""
        text = ""
        if self._buckets:
            if one.bounds is not self._bounds:
                self._bounds = one.bounds
                self._template, self._zeros = _bucket_templates(one.bounds)
            buckets = self._template % cumulative if cumulative[-1] else self._zeros
            text = buckets.replace(_MARK, f"{self._name}_bucket{{{labels}")
        if self._counts:
            text += f"{self._name}_count{braces} {cumulative[-1]}.0\n"
        if self._sums:
            text += f"{self._name}_sum{braces} {number(one.sum)}\n"
        return text


@lru_cache(maxsize=1024)
def _bucket_templates(bounds: tuple[float, ...]) -> tuple[str, str]:
    """The buckets' lines, a mark for the beginning of each, for counts to be formatted in; and those without counts."""
    template = "".join([f'{_MARK}le="{bound + 0.0!r}",}} %d.0\n' for bound in bounds]) + f'{_MARK}le="+Inf",}} %d.0\n'
    return template, template % ((0,) * (len(bounds) + 1))


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
    *before, last = pieces
    lines = []
    for one, value in zip(series, values, strict=True):
        labels = "".join([piece + label for piece, label in zip(before, one.labels, strict=True)])
        lines.append(f"{labels}{last}{value!r}\n")
    return lines
