"""One histogram as `io.prometheus.client.Histogram`: classic buckets and the native form in the same message.

In: a `Histogram`. Out: the message's bytes. Called by `protobuf`. Field numbers are those of Prometheus' client_model.
A Prometheus with native histograms switched on takes the native form, any other one the classic buckets.
"""

from collections.abc import Mapping, Sequence

from servescope.metrics.exposition.proto import double, message, text, varint, zigzag
from servescope.metrics.instruments import Exemplar, Histogram
from servescope.metrics.instruments.native import NativeCounts
from servescope.wire.measured.native import SCHEMA, ZERO_THRESHOLD

# Up to so many empty buckets in a row are cheaper than another span.
_GAP = 2
_INFINITY = float("inf")
_NATIVE = b"\x28" + zigzag(SCHEMA) + b"\x31" + double(ZERO_THRESHOLD) + b"\x38"
# By this some know a native histogram that was never observed.
_EMPTY_SPAN = b"\x62\x04\x08\x00\x10\x00"


class HistogramMessages:
    """Encodes histograms; remembers the encoded bounds, and the whole message of those never observed."""

    def __init__(self) -> None:
        self._bounds: dict[tuple[float, ...], list[bytes]] = {}
        self._empty: dict[tuple[tuple[float, ...], bool], bytes] = {}

    def encode(self, histogram: Histogram) -> bytes:
        """The message's body, without a tag and length of its own."""
        if histogram.count:
            return self._encode(histogram)
        key = histogram.bounds, histogram.has_native
        found = self._empty.get(key)
        if found is None:
            found = self._empty[key] = self._encode(histogram)
        return found

    def _encode(self, histogram: Histogram) -> bytes:
        bounds = self._bounds.get(histogram.bounds)
        if bounds is None:
            uppers = (*histogram.bounds, _INFINITY)
            bounds = self._bounds[histogram.bounds] = [b"\x11" + double(upper) for upper in uppers]
        head = b"\x08" + varint(histogram.count) + b"\x11" + double(histogram.sum)
        classic = _classic(histogram.cumulative, bounds, histogram.exemplars)
        native = _native(histogram.native or NativeCounts()) if histogram.has_native else b""
        return head + classic + native


def _classic(cumulative: Sequence[int], bounds: Sequence[bytes], exemplars: Mapping[int, Exemplar]) -> bytes:
    """The buckets with their exemplars."""
    parts = []
    for index, (count, upper) in enumerate(zip(cumulative, bounds, strict=True)):
        bucket = b"\x08" + varint(count) + upper
        if index in exemplars:
            bucket += message(b"\x1a", _exemplar(exemplars[index]))
        parts.append(message(b"\x1a", bucket))
    return b"".join(parts)


def _exemplar(exemplar: Exemplar) -> bytes:
    label = text(b"\x0a", exemplar.label) + text(b"\x12", exemplar.id)
    seconds, milliseconds = divmod(round(exemplar.at * 1e3), 1000)
    at = b"\x08" + varint(seconds) + b"\x10" + varint(milliseconds * 1_000_000)
    return message(b"\x0a", label) + b"\x11" + double(exemplar.value) + message(b"\x1a", at)


def _native(native: NativeCounts) -> bytes:
    negative = _buckets(native.negative, b"\x4a", b"\x52")
    positive = _buckets(native.positive, b"\x62", b"\x6a")
    return _NATIVE + varint(native.zero) + negative + (positive or _EMPTY_SPAN)


def _buckets(counts: Mapping[int, int], span_tag: bytes, delta_tag: bytes) -> bytes:
    """Spans of buckets that lie close together, then each bucket's difference from the one before, packed."""
    spans: list[bytes] = []
    deltas: list[bytes] = []
    start = end = before = last = 0  # of the span in hand: the buckets from `start` up to, without, `end`
    for index in sorted(counts):
        if deltas and index - end <= _GAP:
            if index > end:
                deltas += [zigzag(-before), *[b"\x00"] * (index - end - 1)]
                before = 0
        elif deltas:
            spans.append(_span(span_tag, start - last, end - start))
            start, last = index, end
        else:
            start = index
        deltas.append(zigzag(counts[index] - before))
        before, end = counts[index], index + 1
    if not deltas:
        return b""
    spans.append(_span(span_tag, start - last, end - start))
    return b"".join(spans) + message(delta_tag, b"".join(deltas))


def _span(tag: bytes, offset: int, length: int) -> bytes:
    return message(tag, b"\x08" + zigzag(offset) + b"\x10" + varint(length))
