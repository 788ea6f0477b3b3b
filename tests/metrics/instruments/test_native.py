"""Native buckets of schema 5, judged in whole numbers: v is at most 2**(i/32) if and only if v**32 is at most 2**i."""

import math
import sys
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servescope.metrics.instruments.native import NativeCounts
from servescope.wire.measured.native import ZERO_THRESHOLD, bounds_above

LARGEST = sys.float_info.max
# Where the mistakes would be: bounds, their neighbours, the ends of the range.
near_bounds = st.builds(
    lambda exponent, step, up: math.nextafter(bounds_above(exponent)[step], up),
    st.integers(-128, 1023), st.integers(0, 31), st.sampled_from([0.0, math.inf]),
)  # fmt: skip
on_bounds = st.builds(lambda exponent, step: bounds_above(exponent)[step], st.integers(-128, 1023), st.integers(0, 31))
positive = (
    st.floats(ZERO_THRESHOLD, LARGEST, exclude_min=True) | near_bounds.filter(lambda v: v > ZERO_THRESHOLD) | on_bounds
)
anything = st.floats(allow_nan=False) | positive | positive.map(lambda value: -value)


def folded(values: list[float]) -> NativeCounts:
    counts = NativeCounts()
    counts.fold(sorted(values))
    return counts


def power(exponent: int) -> Fraction:
    return Fraction(2) ** exponent


@settings(deadline=None)
@given(positive)
def test_each_value_is_in_its_bucket(value: float) -> None:
    """2**((i-1)/32) < v <= 2**(i/32), exactly, and the same for -v on the other side."""
    if value <= ZERO_THRESHOLD:
        assert folded([value, -value]).zero == 2
        return
    ((index, count),) = folded([value]).positive.items()
    assert count == 1
    assert power(index - 1) < Fraction(value) ** 32 <= power(index)
    assert folded([-value]).negative == {index: 1}


@settings(deadline=None)
@given(st.lists(anything, max_size=60), st.integers(0, 60))
def test_many_at_once(values: list[float], cut: int) -> None:
    """Folding many values is folding each of them, in any portions; each is counted exactly once."""
    counts = NativeCounts()
    counts.fold(sorted(values[:cut]))
    counts.fold(sorted(values[cut:]))
    singly = [folded([value]) for value in values]
    assert counts.zero == sum(one.zero for one in singly)
    assert counts.positive == sum((Counter(one.positive) for one in singly), Counter())
    assert counts.negative == sum((Counter(one.negative) for one in singly), Counter())
    assert counts.zero + sum(counts.positive.values()) + sum(counts.negative.values()) == len(values)


@settings(deadline=None)
@given(st.integers(-130, 1020), st.lists(st.floats(1.0, 4.0), min_size=30, max_size=120))
def test_crowded_doublings(exponent: int, fractions: list[float]) -> None:
    """Many values within a factor of four are counted by another way, and come to the same."""
    values = [math.ldexp(fraction, exponent) for fraction in fractions]
    counts = folded(values)
    singly = sum((Counter(folded([value]).positive) for value in values), Counter())
    assert counts.positive == singly
    assert counts.zero + singly.total() == len(values)


@pytest.mark.parametrize(
    ("value", "index"),
    [
        (1.0, 0), (math.nextafter(1.0, 2.0), 1), (math.nextafter(1.0, 0.0), 0), (2.0, 32), (0.5, -32), (1024.0, 320),
        (LARGEST, 32768), (math.inf, 32769), (2.0**1023, 32736),
        (math.nextafter(ZERO_THRESHOLD, 1.0), -4095),
    ],
)  # fmt: skip
def test_well_known_buckets(value: float, index: int) -> None:
    """Powers of two are upper bounds; infinity comes after the bucket of the largest float, as in Prometheus' client."""
    assert folded([value]).positive == {index: 1}
    assert folded([-value]).negative == {index: 1}


@pytest.mark.parametrize("value", [0.0, -0.0, ZERO_THRESHOLD, -ZERO_THRESHOLD, 5e-324])
def test_the_zero_bucket(value: float) -> None:
    """It takes what is as near to 0 as the threshold, on both sides."""
    counts = folded([value])
    assert (counts.zero, counts.positive, counts.negative) == (1, {}, {})


def test_bucket_of_a_duration() -> None:
    """613 µs: log2 is -10.6718, times 32 -341.5, so bucket -341, whose bounds are 2.2 % apart."""
    ((index, _),) = folded([0.000613]).positive.items()
    assert index == -341
    assert bounds_above(-11)[-341 + 352] / bounds_above(-11)[-342 + 352] == pytest.approx(2 ** (1 / 32))


@pytest.mark.parametrize(
    ("values", "share", "value"),
    [
        ([], 0.9, 0.0),
        ([0.0] * 9 + [5.0], 0.9, 0.0),
        ([1.0] * 9 + [9.0], 0.9, 1.0),
        ([1.0] * 8 + [9.0] * 2, 0.9, 9.0),
        ([0.0, 7.0], 1.0, 7.0),
    ],
)
def test_quantiles(values: list[float], share: float, value: float) -> None:
    """What that share kept to, as close as buckets are wide."""
    assert folded(values).quantile(share) == pytest.approx(value, rel=0.022)
