r"""OpenMetrics 1.0 text, with exemplars (https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md).

In: a registry and the request's `name[]` values. Out: bytes in slices small enough that the loop can serve requests
between them. Called through `negotiation`. Against text format 0.0.4: names and types as `names` gives them, no comma
after the last label, whole counts, bounds in their canonical spelling, `# UNIT`, `# EOF`.
"""

import time
from collections.abc import Iterator, Sequence

from servescope.metrics.exposition.lines import PIECE, batches
from servescope.metrics.exposition.names import Title, Titles
from servescope.metrics.exposition.openmetrics_lines import histogram_lines, scalar_lines, summary_lines
from servescope.metrics.instruments import AnyFamily, Counter, Gauge, HistogramFamily, SummaryFamily
from servescope.metrics.instruments.escaping import escape_help
from servescope.metrics.registry import Registry
from servescope.metrics.slices import Clock, Slice

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def render(registry: Registry, names: Sequence[str] = (), clock: Clock = time.perf_counter) -> Iterator[bytes]:
    """The exposition, a slice after each SLICE_S seconds; slices may be empty.

    `names`: families with one of these samples' names are shown, whole, since OpenMetrics knows no parts of a histogram;
    all if empty.
    """
    wanted = frozenset(names)
    hand = Slice(clock)
    pending: list[str] = []
    for text in _texts(registry, wanted):
        pending.append(text)
        if hand.over():
            yield "".join(pending).encode("utf-8", "replace")
            pending = []
            hand.begin()
    pending.append("# EOF\n")
    yield "".join(pending).encode("utf-8", "replace")


def _texts(registry: Registry, wanted: frozenset[str]) -> Iterator[str]:
    """Heads and lines of the families, in small pieces, some of them empty."""
    for _ in registry.prepare():
        yield ""
    titles = Titles()
    families = []
    for family in registry.families():
        definition = family.definition
        if wanted and (wanted.isdisjoint(definition.sample_names) or not family.series):
            continue
        families.append(family)
        titles.keep(definition)
        yield ""
    for family in families:
        definition = family.definition
        title = titles.title(definition)
        if title is None:
            text = f"metric {definition.name} is left out of OpenMetrics, where its name is another metric's"
            registry.warn_once(f"openmetrics:{definition.name}", text)
            continue
        yield _head(title, definition.description)
        yield from _lines(family, title)


def _head(title: Title, description: str) -> str:
    help_text = escape_help(description).replace('"', '\\"')
    unit = f"# UNIT {title.name} {title.unit}\n" if title.unit else ""
    return f"# HELP {title.name} {help_text}\n# TYPE {title.name} {title.kind}\n{unit}"


def _lines(family: AnyFamily, title: Title) -> Iterator[str]:
    """The family's lines, a few at a time."""
    labels = family.definition.labels
    if isinstance(family, HistogramFamily | SummaryFamily):
        write = histogram_lines if isinstance(family, HistogramFamily) else summary_lines
        for some in batches(family.snapshot(), len(family.definition.buckets) + 3):
            yield write(title.name, labels, some)
        return
    name = family.definition.name
    scalars: Sequence[Counter | Gauge] = family.snapshot()
    for start in range(0, len(scalars), PIECE):
        yield scalar_lines(name, labels, scalars[start : start + PIECE], grows=title.kind == "counter")
