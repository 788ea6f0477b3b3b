r"""Prometheus' text format 0.0.4, in the dialect of TorchServe's simpleclient 0.9.0.

In: a registry and the request's `name[]` values. Out: bytes in slices small enough that the loop can serve requests
between them. Called by `web`'s metrics app. The dialect: a comma after the last label, values as doubles (`1.0`),
counters without `_total` added, HELP before TYPE, and families without series declared all the same (contract,
section C).
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from servescope.metrics.definitions import Definition
from servescope.metrics.escaping import escape_help
from servescope.metrics.exposition.lines import scalar_lines
from servescope.metrics.instruments import AnyFamily, Counter, Gauge, Histogram, HistogramFamily
from servescope.metrics.registry import Registry

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# At about a microsecond a sample, a slice stays under half a millisecond of the loop.
SLICE = 200
# Lines are made so many at a time, so a slice is over by at most so many.
PIECE = 100


def render(registry: Registry, names: Sequence[str] = ()) -> Iterator[bytes]:
    """The exposition, at most about `SLICE` samples a slice.

    `names` are the samples' names wanted, all if empty; a family without any of these samples is then left out
    entirely.
    """
    wanted = frozenset(names)
    pending: list[str] = []
    samples = 0
    for family in registry.collect():
        for text, count in _pieces(family, wanted):
            pending.append(text)
            samples += count
            if samples >= SLICE:
                yield _finish(pending)
                pending, samples = [], 0
    if pending:
        yield _finish(pending)


def _pieces(family: AnyFamily, wanted: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Texts of the family with the number of samples in each."""
    definition = family.definition
    if wanted and wanted.isdisjoint(definition.sample_names):
        return
    if wanted and not family.series:
        return
    yield _head(definition), 1
    step = max(1, PIECE // family.samples_a_series)
    if isinstance(family, HistogramFamily):
        histograms = family.snapshot()
        for start in range(0, len(histograms), step):
            chunk = histograms[start : start + step]
            yield _histograms(definition, chunk, wanted), len(chunk) * family.samples_a_series
        return
    scalars: Sequence[Counter | Gauge] = family.snapshot()
    for start in range(0, len(scalars), step):
        part = scalars[start : start + step]
        yield scalar_lines(definition, part), len(part)


def _head(definition: Definition) -> str:
    return f"# HELP {definition.name} {escape_help(definition.help)}\n# TYPE {definition.name} {definition.kind}\n"


def _histograms(definition: Definition, series: Sequence[Histogram], wanted: frozenset[str]) -> str:
    """Buckets, count and sum of each series, or those of them that are wanted."""
    name = definition.name
    buckets, counts, sums = (not wanted or sample in wanted for sample in definition.sample_names)
    template = "".join(f'{label}="%s",' for label in definition.labels)
    bounds = [f'le="{bound!r}",}} ' for bound in map(float, definition.buckets)] + ['le="+Inf",} ']
    lines: list[str] = []
    for one in series:
        labels = template % one.labels
        braces = f"{{{labels}}}" if labels else ""
        if buckets:
            prefix = f"{name}_bucket{{{labels}"
            lines += [f"{prefix}{bound}{n}.0\n" for bound, n in zip(bounds, accumulate(one.counts), strict=True)]
        if counts:
            lines.append(f"{name}_count{braces} {sum(one.counts)}.0\n")
        if sums:
            lines.append(f"{name}_sum{braces} {one.sum + 0.0!r}\n")
    return "".join(lines)


def _finish(texts: list[str]) -> bytes:
    """One slice as bytes, with Prometheus' spelling of the numbers that are none.

    Only a sample's value can stand between a space and the line feed, as line feeds in help texts and labels are
    escaped; a help text that ends in such a word would be respelt too, which harms nothing.
    """
    text = "".join(texts).replace(" inf\n", " +Inf\n").replace(" -inf\n", " -Inf\n").replace(" nan\n", " NaN\n")
    return text.encode("utf-8", "replace")
