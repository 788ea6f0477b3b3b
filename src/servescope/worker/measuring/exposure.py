"""From prometheus_client's registry to the wire: what its text exposition would show, as structs.

In: registries, known only by the interface that prometheus_client has kept since its first versions. Out: `Exposed` pieces
of about `PIECE` samples at most. Called by `worker.measuring.probe` on its own thread. Left out: the families that
prometheus_client registers by itself (`python_*`, `process_*`), `_created` samples, a summary's quantiles, and, with a word, of
two families of one name in different registries the second: nobody could tell the two apart.
"""

import math
import sys
import traceback
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from servescope.wire.exposed import Exposed, ExposedFamily, ExposedSeries

PIECE = 100
_KINDS = {
    "counter": "counter",
    "gauge": "gauge",
    "info": "gauge",
    "stateset": "gauge",
    "histogram": "histogram",
    "gaugehistogram": "histogram",
    "summary": "summary",
}
# Of a private registry, which a handler makes for a page of its own: the numbers of all processes that share a directory.
_OF_ALL_PROCESSES = "MultiProcessCollector"
_PARTS = {"_sum": "sum", "_gsum": "sum", "_count": "count", "_gcount": "count"}


class Exposure:
    """Reads registries, and remembers which collectors' failures it has reported."""

    def __init__(self) -> None:
        self._reported: set[str] = set()

    def pieces(self, registries: Sequence[Any], skipped: Collection[Any] = ()) -> Iterator[Exposed]:
        """Everything that is registered now but the collectors `skipped`, each once. One that fails is left out, and said to be."""
        done = set(map(id, skipped))
        shown: dict[str, int] = {}  # which of the registries a family is of
        for number, registry in enumerate(registries):
            for collector in _collectors(registry):
                if id(collector) in done:
                    continue
                done.add(id(collector))
                if number and type(collector).__name__ == _OF_ALL_PROCESSES:
                    yield Exposed([], [f"a {_OF_ALL_PROCESSES} speaks for other processes too, and is left out"])
                    continue
                try:
                    for family in _families(collector):
                        if shown.setdefault(family.name, number) == number:
                            yield from _split(family)
                        else:
                            yield Exposed([], [f"{family.name} of a private registry is in another one too"])
                except Exception as error:  # whatever a handler's own collector raises
                    yield Exposed([], [self._report(collector, error)])

    def _report(self, collector: Any, error: Exception) -> str:
        """What to tell the front end; the traceback goes to the model log, once."""
        name = type(collector).__qualname__
        if name not in self._reported:
            self._reported.add(name)
            print(f"The metrics of a {name} cannot be collected:", file=sys.stderr)
            traceback.print_exception(error, file=sys.stderr)
            sys.stderr.flush()
        return f"collecting from a {name} raised {type(error).__name__}"


def _collectors(registry: Any) -> list[Any]:
    """One by one, so that each is on its own; the registry as a whole where it does not say what it holds."""
    held = getattr(registry, "_collector_to_names", None)
    return [registry] if held is None else list(held)


def _families(collector: Any) -> Iterator[ExposedFamily]:
    for metric in collector.collect():
        yield from expose(metric)


def expose(metric: Any) -> Iterator[ExposedFamily]:
    """The families in which a `Metric` of prometheus_client is shown: one, nearly always."""
    kind = _KINDS.get(metric.type, "unknown")
    if kind in ("histogram", "summary"):
        yield _distribution(metric, kind)
    else:
        yield from _scalars(metric, kind)


def _scalars(metric: Any, kind: str) -> Iterator[ExposedFamily]:
    """A family for each name that samples have: `foo_total` of counter `foo`, `foo_info` of info `foo`."""
    created = f"{metric.name}_created" if kind == "counter" else None
    by_name: dict[str, _Series] = {}
    for sample in metric.samples:
        if sample.name != created:
            by_name.setdefault(sample.name, _Series()).at(sample.labels).value = float(sample.value)
    for name, series in by_name.items():
        yield series.family(name, kind, metric.documentation)


def _distribution(metric: Any, kind: str) -> ExposedFamily:
    """Buckets, sums and counts, put together by series. A sum that is not told is NaN."""
    series = _Series(math.nan)
    start = len(metric.name)
    for sample in metric.samples:
        part = sample.name[start:]
        if part == "_bucket" and kind == "histogram":
            labels = {name: value for name, value in sample.labels.items() if name != "le"}
            series.at(labels).buckets.append((float(sample.labels["le"]), float(sample.value)))
        elif part in _PARTS:
            one = series.at(sample.labels)
            if _PARTS[part] == "sum":
                one.value = float(sample.value)
            else:
                one.count = float(sample.value)
    return series.family(metric.name, kind, metric.documentation)


class _Series:
    """Series by their labels, of which not all need have the same."""

    def __init__(self, value: float = 0.0) -> None:
        self._value = value
        self._found: dict[tuple[tuple[str, str], ...], ExposedSeries] = {}

    def at(self, labels: dict[str, str]) -> ExposedSeries:
        """The series with these labels."""
        key = tuple(labels.items())
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = ExposedSeries([], self._value, 0.0, [])
        return found

    def family(self, name: str, kind: str, text: str) -> ExposedFamily:
        """All of them; a label that a series does not have is "" there."""
        names = list(dict.fromkeys(name for key in self._found for name, _ in key))
        for key, series in self._found.items():
            labels = dict(key)
            series.values = [str(labels.get(name, "")) for name in names]
        return ExposedFamily(name, kind, str(text), names, list(self._found.values()))


def _split(family: ExposedFamily) -> Iterator[Exposed]:
    """Its series in pieces."""
    part: list[ExposedSeries] = []
    samples = 0
    for series in family.series:
        part.append(series)
        samples += 1 + len(series.buckets)
        if samples >= PIECE:
            yield _piece(family, part)
            part, samples = [], 0
    if part:
        yield _piece(family, part)


def _piece(family: ExposedFamily, series: list[ExposedSeries]) -> Exposed:
    return Exposed([ExposedFamily(family.name, family.kind, family.help, family.labels, series)], [])
