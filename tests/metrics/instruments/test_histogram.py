"""Histograms: folded counts are those of a naive count, whatever the values and bounds, and however they come in."""

import math
from bisect import bisect_left

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from servescope.metrics.instruments.histogram import MOST_PENDING, Exemplar, Histogram, shared_bounds

numbers = st.floats(allow_nan=True, allow_infinity=True)
finite = st.floats(allow_nan=False, allow_infinity=False)
bounds_of = st.lists(finite, unique_by=lambda bound: bound + 0.0, max_size=6).map(lambda found: tuple(sorted(found)))


@st.composite
def bounds_and_values(draw: st.DrawFn) -> tuple[tuple[float, ...], list[float]]:
    """Bounds, and values of which many are bounds."""
    bounds = draw(bounds_of)
    values = numbers | st.sampled_from(bounds) if bounds else numbers
    return bounds, draw(st.lists(values, max_size=40))


@given(bounds_and_values(), st.integers(0, 40))
@example(((-1.0, 0.0, 1.0), [-0.0, math.inf, -math.inf, math.nan, 1.0]), 2)
def test_counts(drawn: tuple[tuple[float, ...], list[float]], read_after: int) -> None:
    """A value counts in the first bucket whose bound it does not exceed; NaN in none. Reading between changes nothing."""
    bounds, values = drawn
    histogram = Histogram((), bounds)
    for place, value in enumerate(values):
        histogram.observe(value)
        if place == read_after:
            histogram.counts  # noqa: B018  # folds
    valid = [value for value in values if not math.isnan(value)]
    expected = [0] * (len(bounds) + 1)
    for value in valid:
        expected[next((i for i, bound in enumerate(bounds) if value <= bound), len(bounds))] += 1
    assert histogram.counts == expected
    assert histogram.count == histogram.cumulative[-1] == len(valid)
    assert histogram.cumulative == tuple(sum(expected[: i + 1]) for i in range(len(expected)))
    assert same(histogram.sum, sum(valid))


def same(got: float, expected: float) -> bool:
    """Equal but for rounding, which another order of addition changes."""
    return (
        got == expected
        or (math.isnan(got) and math.isnan(expected))
        or not math.isfinite(expected + got)
        or (math.isclose(got, expected, rel_tol=1e-9, abs_tol=1e300))
    )


@given(st.lists(st.integers(-1000, 1000) | st.floats(-1000.0, 1000.0), max_size=30))
def test_sum(values: list[float]) -> None:
    """Of ints as of floats, and a float always."""
    histogram = Histogram((), (0.0, 10.0))
    for value in values:
        histogram.observe(value)
    assert histogram.sum == pytest.approx(math.fsum(values), abs=1e-9)
    assert isinstance(histogram.sum, float)
    assert histogram.counts[0] == sum(value <= 0 for value in values)


def test_it_folds_by_itself() -> None:
    """Without a scrape, values do not pile up; nothing is lost or counted twice on the way."""
    histogram = Histogram((), (10.0, 1000.0))
    pending = histogram.pending
    for number in range(3 * MOST_PENDING + 5):
        histogram.observe(float(number))
        assert len(pending) < MOST_PENDING
    assert len(pending) == 5
    assert histogram.cumulative == (11, 1001, 3 * MOST_PENDING + 5)
    assert histogram.pending is pending
    assert pending == []


@pytest.mark.parametrize("times", [0, 1, 7, 3 * MOST_PENDING])
def test_the_same_value_many_times(times: int) -> None:
    """As if it had been observed so often."""
    histogram = Histogram((), (0.5, 1.0))
    for _ in range(times):
        histogram.observe(0.75)
    assert histogram.counts == [0, times, 0]
    assert histogram.sum == 0.75 * times
    assert len(histogram.pending) == 0


@given(st.lists(numbers, max_size=30))
def test_exemplars(values: list[float]) -> None:
    """The latest of each bucket, within its bounds; it is counted as well. NaN leaves none."""
    bounds = (-1.0, 0.0, 1.0)
    histogram = Histogram((), bounds)
    expected = {}
    for at, value in enumerate(values):
        histogram.observe_marked(value, ("request_id", f"r{at}", float(at)))
        if not math.isnan(value):
            expected[bisect_left(bounds, value)] = Exemplar("request_id", f"r{at}", value, float(at))
    assert histogram.exemplars == expected
    assert [index for index, count in enumerate(histogram.counts) if count] == sorted(expected)


def test_numbers_of_somebody_else() -> None:
    """They replace what was there, pending or not, and have no native form."""
    histogram = Histogram((), (1.0, 2.0))
    histogram.observe_marked(0.5, ("trace_id", "t", 1.0))
    histogram.preset([1.0, 1.0, 4.0], 7.5)
    assert (histogram.counts, histogram.sum, histogram.count) == ([1, 0, 3], 7.5, 4)
    assert (histogram.native, histogram.has_native, histogram.exemplars) == (None, False, {})
    with pytest.raises(ValueError, match="2 bounds take 3 counts, not 2"):
        histogram.preset([1, 2], 0.0)


def test_native_form_comes_with_the_first_value() -> None:
    """Zeros alone need no buckets, and are not forgotten when another value comes."""
    histogram = Histogram((), (1.0,))
    assert histogram.native is None
    assert histogram.has_native
    for _ in range(3):
        histogram.observe(0.0)
    assert histogram.native is not None
    assert (histogram.native.zero, histogram.native.positive, histogram.native.negative) == (3, {}, {})
    histogram.observe(1.0)
    histogram.observe(-1.0)
    assert (histogram.native.zero, histogram.native.positive, histogram.native.negative) == (3, {0: 1}, {0: 1})


def test_a_summary_has_no_native_form() -> None:
    """Nobody could show it."""
    histogram = Histogram((), ())
    histogram.observe(3.0)
    assert (histogram.counts, histogram.native, histogram.has_native) == ([1], None, False)


@pytest.mark.parametrize("bounds", [(2.0, 1.0), (1.0, 1.0), (1.0, math.inf), (math.nan,), (0.0, -0.0)])
def test_bounds_must_ascend(bounds: tuple[float, ...]) -> None:
    """Counting bisects them; +Inf is there by itself."""
    with pytest.raises(ValueError, match="must be finite and ascending, not "):
        Histogram((), bounds)


def test_idle_histograms_share_what_they_can() -> None:
    """A thousand series that nobody observes are small."""
    one, other = Histogram(("x",), (1.0, 2.0)), Histogram(("y",), (1, 2))
    assert one.bounds is other.bounds
    assert one.cumulative is other.cumulative
    assert all(type(bound) is float for bound in shared_bounds((1, 2, 3)))


@given(
    st.lists(st.floats(0, 10)),
    st.lists(st.floats(0, 10), unique=True).map(sorted),
    st.lists(st.floats(0, 10), unique=True).map(sorted),
)
def test_new_bounds_lose_nothing(values, bounds, more):
    """Counts up to the old bounds, the sum and all exemplars stay; what is between is nowhere more than it can be."""
    histogram = Histogram((), tuple(bounds))
    for value in values:
        histogram.observe_marked(value, ("request_id", "r", 1.0))
    before = dict(zip((*histogram.bounds, math.inf), histogram.cumulative, strict=True))
    total, marked = histogram.sum, {one.value for one in histogram.exemplars.values()}
    histogram.rebound(tuple(sorted({*bounds, *more})))
    after = dict(zip((*histogram.bounds, math.inf), histogram.cumulative, strict=True))
    assert {bound: after[bound] for bound in before} == before
    assert list(after.values()) == sorted(after.values())
    assert all(count <= sum(value <= bound for value in values) for bound, count in after.items())
    assert histogram.sum == total
    assert {one.value for one in histogram.exemplars.values()} == marked
    histogram.observe(5.0)
    assert histogram.count == len(values) + 1


def test_no_bound_may_be_lost():
    """Else what was counted would have no place."""
    with pytest.raises(ValueError, match="some would be lost"):
        Histogram((), (1.0, 2.0)).rebound((1.0, 3.0))


def test_a_copy_is_on_its_own():
    """With the same counts, and other labels."""
    one = Histogram(("a",), (1.0, 2.0))
    one.observe_marked(0.5, ("request_id", "r", 1.0))
    other = one.relabelled(("b", ""))
    one.observe_marked(1.5, ("request_id", "s", 1.0))
    other.observe(3.0)
    assert (one.labels, one.counts, other.labels, other.counts) == (("a",), [1, 1, 0], ("b", ""), [1, 0, 1])
    assert (len(one.exemplars), len(other.exemplars)) == (2, 1)
    assert (sum(one.native.positive.values()), sum(other.native.positive.values())) == (2, 2)
