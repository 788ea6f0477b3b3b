"""Lines of series: the pieces they come in, and the spelling of their numbers."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.metrics.definitions import Definition
from servescope.metrics.exposition.lines import PIECE, histogram_pieces, number, scalar_pieces
from servescope.metrics.instruments.histogram import Histogram
from servescope.metrics.instruments.scalars import Gauge

HISTOGRAM = Definition("h", "histogram", "s", ("a",), "help", "", (1.0, 2.0))
EVERYTHING: frozenset[str] = frozenset()


def gauges(values: list[float]) -> list[Gauge]:
    made = [Gauge((f"s{place}",)) for place in range(len(values))]
    for gauge, value in zip(made, values, strict=True):
        gauge.value = value
    return made


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_finite_numbers_come_back(value: float) -> None:
    """All digits that it takes, with a point or an exponent."""
    assert float(number(value)) == value
    assert number(value) == repr(value + 0.0)


@pytest.mark.parametrize(
    ("value", "text"), [(3, "3.0"), (math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN"), (-0.0, "0.0")]
)
def test_spelling(value: float, text: str) -> None:
    """Ints are doubles too."""
    assert number(value) == text


def test_bounds_are_spelt_as_prometheus_spells_them() -> None:
    """In this format too: 1048576.0 would be another series than the one that protobuf makes."""
    (text,) = histogram_pieces(HISTOGRAM, [Histogram(("x",), (1e-05, 64.0, 999999.5, 1048576.0, 1e7))], EVERYTHING)
    assert re.findall(r'le="(.*?)"', text) == ["1e-05", "64.0", "999999.5", "1.048576e+06", "1e+07", "+Inf"]


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=12))
def test_one_odd_value_spoils_no_other(values: list[float]) -> None:
    """Also where finite values add up to infinity."""
    text = "".join(scalar_pieces(Definition("g", "gauge", "", ("a",), "help"), gauges(values)))
    assert text.splitlines() == [f'g{{a="s{place}",}} {number(value)}' for place, value in enumerate(values)]


def test_pieces_of_scalars() -> None:
    """PIECE lines each, in order."""
    pieces = list(scalar_pieces(Definition("g", "gauge", "", ("a",), "help"), gauges([1.0] * (2 * PIECE + 1))))
    assert [piece.count("\n") for piece in pieces] == [PIECE, PIECE, 1]
    assert "".join(pieces).splitlines() == [f'g{{a="s{place}",}} 1.0' for place in range(2 * PIECE + 1)]


def test_pieces_of_histograms() -> None:
    """As many series as make PIECE lines; one that has much to count first stands alone."""
    series = [Histogram((str(place),), HISTOGRAM.buckets) for place in range(50)]
    for _ in range(PIECE + 1):
        series[3].observe(1.5)
    pieces = list(histogram_pieces(HISTOGRAM, series, EVERYTHING))
    assert [piece.count("\n") // 5 for piece in pieces] == [3, 1, 20, 20, 6]
    assert 'h_bucket{a="3",le="2.0",} 101.0\n' in pieces[1]


def test_a_nul_in_a_label_is_no_mark() -> None:
    """Templates are cut at a character that labels may contain."""
    series = Histogram(("\0",), HISTOGRAM.buckets)
    series.observe(1.0)
    (text,) = histogram_pieces(HISTOGRAM, [series], EVERYTHING)
    assert text.splitlines() == [
        'h_bucket{a="\0",le="1.0",} 1.0', 'h_bucket{a="\0",le="2.0",} 1.0', 'h_bucket{a="\0",le="+Inf",} 1.0',
        'h_count{a="\0",} 1.0', 'h_sum{a="\0",} 1.0',
    ]  # fmt: skip


def test_whole_bounds_are_doubles() -> None:
    """A definition may say 1 for 1.0."""
    definition = Definition("h", "histogram", "", (), "help", "", (1, 5))
    (text,) = histogram_pieces(definition, [Histogram((), definition.buckets)], frozenset({"h_bucket"}))
    assert text == 'h_bucket{le="1.0",} 0.0\nh_bucket{le="5.0",} 0.0\nh_bucket{le="+Inf",} 0.0\n'
