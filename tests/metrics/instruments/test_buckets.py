"""Bounds of histograms out of the configuration."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import ConfigurationError
from servescope.metrics.definitions import BY_NAME, DEFINITIONS, DURATION_BUCKETS, Definition
from servescope.metrics.instruments.buckets import apply_buckets, bounds_with

DURATION = "servescope_request_duration_seconds"


def test_an_override_changes_one_family():
    """All others, their order and all else of the family stay."""
    changed, left = apply_buckets(DEFINITIONS, {DURATION: (0.1, 1.0)})
    assert [definition.name for definition in changed] == [definition.name for definition in DEFINITIONS]
    (found,) = (new for new, old in zip(changed, DEFINITIONS, strict=True) if new != old)
    assert (found.name, found.buckets) == (DURATION, (0.1, 1.0))
    assert found.labels == BY_NAME[DURATION].labels
    assert left == {}


def test_letter_case_does_not_count():
    """The settings have names in small letters; a family of a metrics.yaml may have others."""
    definition = Definition("TokenTime", "histogram", "ms", ("ModelName",), "", "", (1.0,))
    assert apply_buckets([definition], {"tokentime": (5.0,)})[0][0].buckets == (5.0,)


def test_every_histogram_can_be_overridden():
    """Each family with buckets, all at once."""
    names = [definition.name for definition in DEFINITIONS if definition.kind == "histogram"]
    assert DURATION in names
    changed, _ = apply_buckets(DEFINITIONS, dict.fromkeys(names, (7.0,)))
    assert {definition.buckets for definition in changed if definition.kind == "histogram"} == {(7.0,)}
    assert {definition.buckets for definition in changed if definition.kind != "histogram"} == {()}


def test_what_a_handler_may_make_is_kept():
    """Under a name in small letters, as it is asked for."""
    changed, left = apply_buckets(DEFINITIONS, {"MySize": (1.0, 10.0), DURATION: (1.0,)}, others=True)
    assert left == {"mysize": (1.0, 10.0)}
    assert [definition.buckets for definition in changed if definition.name == DURATION] == [(1.0,)]


@pytest.mark.parametrize(
    "name", ["servescope_requests_total", "servescope_request_duration", "", "my size", "QueueTime"]
)
def test_what_no_handler_can_make_is_refused(name):
    """Names of the server, its gauges and counters, and what is no name."""
    with pytest.raises(ConfigurationError, match=f"metrics_buckets_{name}=1"):
        apply_buckets(DEFINITIONS, {name: (1.0,)}, others=True)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("servescope_requests_total", "servescope_requests_total is a counter, and only histograms have buckets"),
        (
            "servescope_request_duration",
            f"there is no histogram of that name; did you mean metrics_buckets_{DURATION}?",
        ),
        ("", f"there is no histogram of that name; there are {DURATION}, "),
        ("zzz", "there is no histogram of that name; there are "),
    ],
)
def test_a_name_of_no_histogram_is_refused(name, why):
    """The message names the option, its value, and what there is."""
    with pytest.raises(ConfigurationError) as caught:
        apply_buckets(DEFINITIONS, {name: (0.1, 25.0)})
    assert str(caught.value).startswith(f"metrics_buckets_{name}=0.1,25: {why}")


def test_thresholds_become_bounds():
    """In their place; None is no threshold."""
    assert bounds_with((0.1, 1.0), (0.25, None, 3.0)) == (0.1, 0.25, 1.0, 3.0)
    assert bounds_with((), (0.25,)) == (0.25,)


def test_bounds_without_anything_new_are_the_same_object():
    """A thousand models share one tuple."""
    assert bounds_with(DURATION_BUCKETS, (0.25, None)) is DURATION_BUCKETS
    assert bounds_with(DURATION_BUCKETS, ()) is DURATION_BUCKETS


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), unique=True).map(sorted).map(tuple),
    st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False)),
)
def test_bounds_stay_ascending_and_complete(bounds, thresholds):
    """Whatever the thresholds, nothing is lost and nothing is there twice."""
    merged = bounds_with(bounds, thresholds)
    assert set(merged) == {*bounds, *(threshold for threshold in thresholds if threshold is not None)}
    assert all(low < high for low, high in pairwise(merged))
