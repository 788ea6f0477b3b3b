"""Prometheus' protobuf exposition: `io.prometheus.client.MetricFamily` messages, each after its length.

In: a registry and the request's `name[]` values. Out: bytes in slices small enough that the loop can serve requests
between them. Called through `negotiation`. Names and types are those of text format 0.0.4. The one format that
carries native histograms.

The length of a family stands before it, so a family is encoded whole before its first byte leaves; meanwhile the slices are
empty.
"""

import time
from collections.abc import Iterator, Sequence
from operator import getitem

from servescope.metrics.definitions import Definition
from servescope.metrics.exposition.histogram_message import HistogramMessages
from servescope.metrics.exposition.names import unit_in_name
from servescope.metrics.exposition.proto import double, message, text, varint
from servescope.metrics.instruments import AnyFamily, Counter, Gauge, Histogram, HistogramFamily, SummaryFamily
from servescope.metrics.instruments.escaping import unescape_label_value
from servescope.metrics.registry import Registry
from servescope.metrics.slices import Clock, Slice

CONTENT_TYPE = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
# Series that are encoded between two looks at the clock; a histogram that has yet to count its values takes longest.
_PIECE = 50
_PIECE_OF_HISTOGRAMS = 2

_TYPES = {
    "counter": b"\x18\x00",
    "gauge": b"\x18\x01",
    "summary": b"\x18\x02",
    "unknown": b"\x18\x03",
    "histogram": b"\x18\x04",
}
# The field of `Metric`, the length of what is in it, and its field 1: a double.
_SCALARS = {"counter": b"\x1a\x09\x09", "gauge": b"\x12\x09\x09", "unknown": b"\x2a\x09\x09"}


def render(registry: Registry, names: Sequence[str] = (), clock: Clock = time.perf_counter) -> Iterator[bytes]:
    """The exposition, a slice after each SLICE_S seconds; slices may be empty.

    `names`: families with one of these samples' names are shown, whole; all if empty.
    """
    wanted = frozenset(names)
    messages = _Messages()
    hand = Slice(clock)
    for _ in hand.pauses(registry.prepare()):
        yield b""
    ready: list[bytes] = []
    for family in registry.families():
        definition = family.definition
        if wanted and (wanted.isdisjoint(definition.sample_names) or not family.series):
            continue
        done: list[bytes] = []  # of this family: slices, and the pieces of the slice in hand
        pieces: list[bytes] = []
        for piece in messages.metrics(family):
            pieces.append(piece)
            if hand.over():
                done.append(b"".join(pieces))
                pieces = []
                yield b""
                hand.begin()
        head = _head(definition)
        ready += [varint(len(head) + sum(map(len, done)) + sum(map(len, pieces))), head]
        if done or hand.over():
            yield b"".join(ready)
            yield from done
            ready = []
            hand.begin()
        ready += pieces
    yield b"".join(ready)


def _head(definition: Definition) -> bytes:
    unit = unit_in_name(definition)
    return b"".join(
        (
            text(b"\x0a", definition.name),
            text(b"\x12", definition.description),
            _TYPES[definition.kind],
            text(b"\x2a", unit) if unit else b"",
        )
    )


class _Messages:
    """Encodes series as `Metric` messages; remembers label pairs and bounds for one render."""

    def __init__(self) -> None:
        self._pairs: dict[str, _Pairs] = {}
        self._encode = HistogramMessages().encode

    def metrics(self, family: AnyFamily) -> Iterator[bytes]:
        """The family's series, a piece at a time."""
        definition = family.definition
        pairs = [self._pairs.setdefault(name, _Pairs(name)) for name in definition.labels]
        if isinstance(family, HistogramFamily | SummaryFamily):
            encode = self._histograms if isinstance(family, HistogramFamily) else self._summaries
            histograms = family.snapshot()
            for start in range(0, len(histograms), _PIECE_OF_HISTOGRAMS):
                yield encode(pairs, histograms[start : start + _PIECE_OF_HISTOGRAMS])
            return
        field = _SCALARS[definition.kind]
        scalars: Sequence[Counter | Gauge] = family.snapshot()
        for start in range(0, len(scalars), _PIECE):
            yield self._scalars(pairs, scalars[start : start + _PIECE], field)

    def _scalars(self, pairs: "Sequence[_Pairs]", series: Sequence[Counter | Gauge], field: bytes) -> bytes:
        parts: list[bytes] = []
        for one in series:
            labels = b"".join(map(getitem, pairs, one.labels))
            # The value takes 11 bytes: `field` and the double.
            parts += (b"\x22", varint(len(labels) + 11), labels, field, double(one.value))
        return b"".join(parts)

    def _histograms(self, pairs: "Sequence[_Pairs]", series: Sequence[Histogram]) -> bytes:
        encode = self._encode
        parts = []
        for one in series:
            labels = b"".join(map(getitem, pairs, one.labels))
            parts.append(message(b"\x22", labels + message(b"\x3a", encode(one))))
        return b"".join(parts)

    def _summaries(self, pairs: "Sequence[_Pairs]", series: Sequence[Histogram]) -> bytes:
        """A count and a sum each."""
        parts = []
        for one in series:
            body = b"\x08" + varint(one.count) + b"\x11" + double(one.sum)
            labels = b"".join(map(getitem, pairs, one.labels))
            parts.append(message(b"\x22", labels + message(b"\x22", body)))
        return b"".join(parts)


class _Pairs(dict[str, bytes]):
    """Fields of the pairs of one label, by its values as the text formats want them; each is encoded once."""

    def __init__(self, name: str) -> None:
        self._name = text(b"\x0a", name)

    def __missing__(self, escaped: str) -> bytes:
        found = self[escaped] = message(b"\x0a", self._name + text(b"\x12", unescape_label_value(escaped)))
        return found
