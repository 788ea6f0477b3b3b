"""Counting requests by a model's objectives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.model.objectives import Objectives
from servescope.metrics.recording.requests.generation import Generation
from servescope.metrics.recording.requests.objectives import ObjectiveCounters
from servescope.metrics.registry import Registry

ALL = Objectives(
    availability_target=0.999,
    latency_s=0.25,
    latency_target=0.99,
    ttft_s=0.5,
    ttft_target=0.9,
    itl_s=0.04,
    itl_target=0.8,
)
FAMILIES = ("requests_total", "good_total", "target_ratio", "threshold_seconds")


@pytest.fixture
def registry():
    return Registry()


def shown(registry, family):
    """Values by the label slo, all of model digits 1.0."""
    found = registry.find(f"servescope_slo_{family}")
    assert all(values[:2] == ("digits", "1.0") for values in found.series)
    return {values[2]: series.value for values, series in found.series.items()}


def counts(registry):
    """(requests, good) by objective."""
    totals, good = shown(registry, "requests_total"), shown(registry, "good_total")
    assert totals.keys() == good.keys()
    return {slo: (totals[slo], good[slo]) for slo in totals}


def test_all_is_there_at_zero_from_the_beginning(registry):
    """Targets and thresholds as asked for, counts at zero."""
    ObjectiveCounters(registry, "digits", "1.0", ALL)
    assert shown(registry, "target_ratio") == {"availability": 0.999, "latency": 0.99, "ttft": 0.9, "itl": 0.8}
    assert shown(registry, "threshold_seconds") == {"latency": 0.25, "ttft": 0.5, "itl": 0.04}
    assert counts(registry) == dict.fromkeys(("availability", "latency", "ttft", "itl"), (0, 0))


def test_only_what_was_asked_for_has_series(registry):
    """A model that promises availability only has no latency series."""
    counters = ObjectiveCounters(registry, "digits", "1.0", Objectives(availability_target=0.9))
    counters.finished(200, 0.0)
    assert counts(registry) == {"availability": (1, 1)}
    assert shown(registry, "threshold_seconds") == {}


@pytest.mark.parametrize(
    ("code", "duration_s", "availability", "latency"),
    [
        (200, 0.1, (1, 1), (1, 1)),
        (200, 0.25, (1, 1), (1, 1)),
        (200, 0.2500001, (1, 1), (1, 0)),
        (302, 0.1, (1, 1), (1, 1)),
        (400, 0.1, (0, 0), (0, 0)),
        (408, 0.1, (1, 0), (1, 0)),
        (408, 9.0, (1, 0), (1, 0)),
        (499, 9.0, (0, 0), (0, 0)),  # a handler's own code
        (500, 0.1, (1, 0), (0, 0)),
        (503, 0.1, (1, 0), (0, 0)),
        (507, 9.0, (1, 0), (0, 0)),
        (599, 0.1, (1, 0), (0, 0)),
        (200, float("nan"), (1, 1), (1, 0)),
    ],
)
def test_one_request(registry, code, duration_s, availability, latency):
    """A client's own error is nobody's; a server's error spoils availability; a late answer latency; a missed deadline both."""
    ObjectiveCounters(registry, "digits", "1.0", ALL).finished(code, duration_s)
    ttft = (int(availability == (1, 0)), 0)  # whoever waited for a token has got none
    assert counts(registry) == {"availability": availability, "latency": latency, "ttft": ttft, "itl": (0, 0)}


@pytest.mark.parametrize(
    ("code", "generation", "ttft", "itl"),
    [
        (200, Generation(0.5, 2, 0.08), (1, 1), (1, 1)),
        (200, Generation(0.6, 2, 0.09), (1, 0), (1, 0)),
        (200, Generation(0.1), (1, 1), (0, 0)),
        (200, Generation(), (0, 0), (0, 0)),
        (400, Generation(), (0, 0), (0, 0)),
        (500, Generation(), (1, 0), (0, 0)),
        (500, Generation(0.1, 1, 0.01), (1, 1), (1, 1)),
        (500, Generation(0.6, 1, 0.09), (1, 0), (1, 0)),
        (507, Generation(0.1), (1, 1), (0, 0)),
        (408, Generation(), (1, 0), (0, 0)),
        (408, Generation(0.1), (1, 1), (0, 0)),
    ],
)
def test_a_language_models_request(registry, code, generation, ttft, itl):
    """Judged by the tokens that came, also where the server broke off after them; missed where it failed before the first."""
    ObjectiveCounters(registry, "digits", "1.0", ALL).finished(code, 0.1, generation)
    found = counts(registry)
    assert (found["ttft"], found["itl"]) == (ttft, itl)
    assert found["availability"] == {200: (1, 1), 400: (0, 0)}.get(code, (1, 0))


@pytest.mark.parametrize(
    ("waited_s", "availability", "latency", "ttft"),
    [
        (0.0, 0, 0, 0),
        (0.25, 0, 0, 0),
        (0.2500001, 0, 1, 0),
        (0.5, 0, 1, 0),
        (0.6, 0, 1, 1),
        (2.5, 0, 1, 1),
        (2.6, 1, 1, 1),
        (3600.0, 1, 1, 1),
    ],
)
def test_a_client_that_left_without_an_answer(registry, waited_s, availability, latency, ttft):
    """Was failed by each promise that it had waited longer for; who left sooner says nothing."""
    ObjectiveCounters(registry, "digits", "1.0", ALL).hung_up(waited_s, served=False)
    expected = {"availability": (availability, 0), "latency": (latency, 0), "ttft": (ttft, 0), "itl": (0, 0)}
    assert counts(registry) == expected


@pytest.mark.parametrize(
    ("waited_s", "generation", "latency", "ttft", "itl"),
    [
        (0.1, None, (1, 1), (0, 0), (0, 0)),
        (0.3, None, (1, 0), (0, 0), (0, 0)),
        (9.0, None, (1, 0), (0, 0), (0, 0)),
        (0.2, Generation(0.2, 3, 0.03), (1, 1), (1, 1), (1, 1)),
        (9.0, Generation(9.0, 3, 0.3), (1, 0), (1, 0), (1, 0)),
        (0.2, Generation(0.2), (1, 1), (1, 1), (0, 0)),
    ],
)
def test_a_client_that_left_a_stream_after_its_first_piece(registry, waited_s, generation, latency, ttft, itl):
    """Was served, however long it stayed: its wait was over with that piece, and tokens are judged as they came."""
    ObjectiveCounters(registry, "digits", "1.0", ALL).hung_up(waited_s, served=True, generation=generation)
    assert counts(registry) == {"availability": (1, 1), "latency": latency, "ttft": ttft, "itl": itl}


def test_how_long_is_abandoned_may_be_said(registry):
    """By itself, whatever the latency."""
    asked = Objectives(availability_target=0.9, abandoned_after_s=0.05)
    counters = ObjectiveCounters(registry, "digits", "1.0", asked)
    for waited_s in (0.04, 0.06):
        counters.hung_up(waited_s, served=False)
    assert counts(registry) == {"availability": (1, 0)}


def test_a_model_without_a_latency_objective_counts_none_as_good(registry):
    """Not even a request of no duration at all."""
    counters = ObjectiveCounters(registry, "digits", "1.0", Objectives(ttft_s=1.0, ttft_target=0.9))
    counters.finished(200, 0.0)
    counters.streamed(1.0, 0.0)
    assert counts(registry) == {"ttft": (1, 1)}


def test_streams(registry):
    """Each by its first piece, and by its pace where it has more than one."""
    counters = ObjectiveCounters(registry, "digits", "1.0", ALL)
    for ttft_s, itl_s in ((0.5, 0.04), (0.6, 0.01), (0.1, 0.05), (0.1, None)):
        counters.streamed(ttft_s, itl_s)
    assert counts(registry) == {"availability": (0, 0), "latency": (0, 0), "ttft": (4, 3), "itl": (3, 2)}


def test_removed_series_are_gone(registry):
    """Those of this model version, and no others; twice does no harm."""
    counters = ObjectiveCounters(registry, "other", "1.0", ALL)
    ObjectiveCounters(registry, "digits", "1.0", ALL)
    counters.remove()
    counters.remove()
    assert all(len(shown(registry, family)) > 0 for family in FAMILIES)


def test_other_objectives_after_a_removal_begin_anew(registry):
    """A model that comes back with another slo section has its series and no older ones."""
    counters = ObjectiveCounters(registry, "digits", "1.0", ALL)
    counters.finished(200, 0.1)
    counters.remove()
    ObjectiveCounters(registry, "digits", "1.0", Objectives(availability_target=0.9)).finished(500, 0.1)
    assert counts(registry) == {"availability": (1, 0)}
    assert shown(registry, "target_ratio") == {"availability": 0.9}


@given(st.lists(st.tuples(st.integers(100, 999), st.floats(0, 1))))
def test_good_requests_are_some_of_all(requests):
    """The books of an outside observer agree."""
    registry = Registry()
    counters = ObjectiveCounters(registry, "digits", "1.0", ALL)
    for code, duration_s in requests:
        counters.finished(code, duration_s)
    answered = [duration_s for code, duration_s in requests if code < 400]
    failed = sum(code >= 500 or code == 408 for code, _ in requests)
    found = counts(registry)
    assert found["availability"] == (len(answered) + failed, len(answered))
    late = sum(code == 408 for code, _ in requests)
    assert found["latency"] == (len(answered) + late, sum(duration_s <= 0.25 for duration_s in answered))
