"""Protobuf's wire format, read back by Google's package."""

from hypothesis import given
from hypothesis import strategies as st

from metrics.exposition.metrics_messages import MetricFamily
from servescope.metrics.exposition.proto import double, message, text, varint, zigzag


def metric(body):
    """A `Metric` with this in it, inside a family."""
    return MetricFamily.FromString(message(b"\x22", body)).metric[0]


@given(st.integers(0, 2**64 - 1))
def test_varints(number):
    """Up to 64 bits."""
    assert metric(message(b"\x3a", b"\x08" + varint(number))).histogram.sample_count == number


@given(st.integers(-(2**31), 2**31 - 1))
def test_zigzag(number):
    """Signed numbers."""
    assert metric(message(b"\x3a", b"\x28" + zigzag(number))).histogram.schema == number


@given(st.text(), st.floats(allow_nan=False))
def test_texts_and_doubles(value, number):
    """Whatever UTF-8 can say; the rest is replaced."""
    found = metric(message(b"\x0a", text(b"\x12", value)) + message(b"\x12", b"\x09" + double(number)))
    assert found.label[0].value == value.encode("utf-8", "replace").decode()
    assert found.gauge.value == number
