"""Handlers' own metrics: valid names, no conflicts, label values under a budget, and never an exception."""

import logging
import sys
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from metrics.dropped import dropped
from servescope.metrics.definitions import BY_NAME
from servescope.metrics.exposition.text import render
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.wire.measured.update import MetricUpdate


def update(
    name: str = "Calls",
    value: float = 1.0,
    *,
    kind: str = "counter",
    unit: str = "count",
    labels: dict[str, str] | None = None,
) -> MetricUpdate:
    given = {"ModelName": "noop", "Level": "Model"} if labels is None else labels
    return MetricUpdate(kind, name, unit, list(given), list(given.values()), value, "r")


def page(registry: Registry, *names: str) -> list[str]:
    text = b"".join(render(registry, names)).decode()
    return [line for line in text.splitlines() if not line.startswith("#")]


@pytest.fixture
def registry() -> Registry:
    return Registry(series_budget=3)


def test_kinds(registry: Registry) -> None:
    """Counters add, gauges set."""
    model = Recorder(registry, "h").model("noop", "1.0")
    model.custom(
        [update(value=2.0), update(value=3.0), update("Size", 2.0, kind="gauge"), update("Size", 1.0, kind="gauge")]
    )
    assert page(registry, "Calls", "Size") == [
        'Calls{ModelName="noop",Level="Model",Hostname="h",} 5.0',
        'Size{ModelName="noop",Level="Model",Hostname="h",} 1.0',
    ]


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf"), float("-inf"), sys.float_info.max])
def test_a_counter_never_shrinks(registry: Registry, caplog: pytest.LogCaptureFixture, bad: float) -> None:
    """Nor becomes infinite, of which no rate can be told ever after: such additions are dropped, and it is said once."""
    model = Recorder(registry, "h").model("noop", "1.0")
    first = 1e300
    model.custom([update(value=first), update(value=bad), update(value=bad)])
    assert page(registry, "Calls") == ['Calls{ModelName="noop",Level="Model",Hostname="h",} 1e+300']
    (said,) = [record.getMessage() for record in caplog.records]
    assert said == f"metric 'Calls' of model noop is left out, wholly or in part: a counter cannot take {bad}"
    assert dropped(registry) == {("Calls", "value", "noop"): 2.0}


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_observations_are_numbers(registry: Registry, bad: float) -> None:
    """An infinite one would be the sum, and so the mean, for ever."""
    model = Recorder(registry, "h").model("noop", "1.0")
    model.custom([update("Far", bad, kind="histogram"), update("Far", 2.0, kind="histogram")])
    assert page(registry, "Far_sum", "Far_count") == [
        'Far_count{ModelName="noop",Level="Model",Hostname="h",} 1.0',
        'Far_sum{ModelName="noop",Level="Model",Hostname="h",} 2.0',
    ]


@pytest.mark.parametrize(
    ("unit", "first", "last"),
    [
        ("km", 0.005, 10.0),
        ("s", 0.005, 10.0),
        ("ms", 5.0, 10000.0),
        ("Milliseconds", 5.0, 10000.0),
        ("percent", 1.0, 100.0),
    ],
)
def test_buckets_follow_the_unit(registry: Registry, unit: str, first: float, last: float) -> None:
    """TorchServe gives a histogram in ms buckets made for seconds."""
    Recorder(registry, "h").model("noop", "1.0").custom([update("Far", kind="histogram", unit=unit)])
    buckets = registry.histogram("Far").definition.buckets
    assert (buckets[0], buckets[-1]) == (first, last)
    assert sorted(buckets) == list(buckets)


def test_buckets_of_the_settings_are_kept_for_it() -> None:
    """In any letter case, and as it is shown."""
    registry = Registry(buckets={"my_size": (1.0, 10.0)})
    Recorder(registry, "h").model("noop", "1.0").custom([update("My-Size", 5.0, kind="histogram", labels={})])
    assert page(registry, "My_Size_bucket") == [
        'My_Size_bucket{Hostname="h",le="1.0",} 0.0',
        'My_Size_bucket{Hostname="h",le="10.0",} 1.0',
        'My_Size_bucket{Hostname="h",le="+Inf",} 1.0',
    ]


def test_a_handlers_hostname_gives_way_to_the_servers(registry: Registry) -> None:
    """A label can be there but once."""
    Recorder(registry, "h").model("noop", "1.0").custom([update(labels={"Hostname": "mine", "a": "b"})])
    assert page(registry, "Calls") == ['Calls{a="b",Hostname="h",} 1.0']


def test_handler_time_joins_the_declared_family(registry: Registry) -> None:
    """BaseHandler's HandlerTime comes as a custom metric."""
    Recorder(registry, "h").model("noop", "1.0").custom([update("HandlerTime", 7.5, kind="gauge", unit="ms")])
    assert page(registry, "HandlerTime") == ['HandlerTime{ModelName="noop",Level="Model",Hostname="h",} 7.5']


def test_names_are_made_valid(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    """With one warning, however often it is written."""
    model = Recorder(registry, "h").model("noop", "1.0")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            model.custom([update("tokens/s", labels={"1st-part": "x", "__name__": "y"})])
    assert page(registry, "tokens_s") == ['tokens_s{_1st_part="x",exported__name__="y",Hostname="h",} 3.0']
    assert [record.getMessage() for record in caplog.records] == [
        "metric 'tokens/s' of model noop is exposed as tokens_s"
    ]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (update("Calls", kind="gauge"), "taken by Calls"),
        (update("HandlerTime", kind="gauge", unit="ms", labels={"Other": "x"}), "has no Other"),
        (update("Calls", unit="ms"), "into which ms cannot be converted"),
        (update("Calls", labels={"a b": "x", "a.b": "y"}), "not distinct"),
        (update("Requests2XX", labels={"Level": "Host"}), "the server's own"),
        (update("servescope_series", labels={}), "the server's own"),
        (update("PredictionTime", kind="counter"), "taken by PredictionTime"),
        (update("servescope_scrape_duration_seconds_sum"), "taken by servescope_scrape_duration_seconds"),
        (update("Odd", kind="summary"), "'summary' is none of counter, gauge, histogram"),
        (MetricUpdate("gauge", "Odd", "", ["a", "b"], ["x"], 1.0, ""), "has dimensions"),
    ],
)
def test_conflicts_are_dropped(
    registry: Registry, caplog: pytest.LogCaptureFixture, bad: MetricUpdate, why: str
) -> None:
    """One warning that says why; what was there stays as it was, and the next update counts."""
    model = Recorder(registry, "h").model("noop", "1.0")
    model.custom([update()])
    before = page(registry, "Calls", "Requests2XX")
    with caplog.at_level(logging.WARNING):
        model.custom([bad, bad])
        assert page(registry, "Calls", "Requests2XX") == before
    assert sum(dropped(registry).values()) == 2.0
    assert len(caplog.records) == 1
    assert why in caplog.records[0].getMessage()
    model.custom([update()])
    assert page(registry, "Calls")[0].endswith(" 2.0")


def test_a_family_that_is_switched_off_is_not_open_to_handlers() -> None:
    """The recorder still writes to it."""
    registry = Registry(())
    recorder = Recorder(registry, "h")
    recorder.model("noop", "1.0").custom([update("Requests2XX", labels={"Level": "Host"}), update("PredictionTime")])
    recorder.port.response_sent(200)
    assert page(registry) == []


def test_past_the_budget_values_become_other(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    """The model's own name stays; each folded update is counted; known values go on as before."""
    recorder = Recorder(registry, "h")
    model = recorder.model("noop", "1.0")
    with caplog.at_level(logging.WARNING):
        for user in ("a", "b", "c", "d", "e", "a"):
            model.custom([update(labels={"User": user, "ModelName": "noop"})])
    assert dropped(registry) == {("Calls", "series_budget", "noop"): 2.0}
    assert page(registry, "Calls") == [
        'Calls{User="a",ModelName="noop",Hostname="h",} 2.0',
        'Calls{User="b",ModelName="noop",Hostname="h",} 1.0',
        'Calls{User="c",ModelName="noop",Hostname="h",} 1.0',
        'Calls{User="other",ModelName="noop",Hostname="h",} 2.0',
    ]
    assert len(caplog.records) == 1
    recorder.model("noop2", "1.0").custom([update(labels={"User": "z", "ModelName": "noop2"})])
    assert any('User="z"' in line for line in page(registry, "Calls"))


def test_registering_anew_does_not_renew_the_budget(registry: Registry) -> None:
    """Else a loop of registrations could grow memory without bound."""
    recorder = Recorder(registry, "h")
    for version in range(5):
        recorder.model("noop", str(version)).custom([update(labels={"User": f"{version}"})])
        recorder.forget("noop", str(version))
    assert len(registry.counter("Calls").series) == 4


def test_metrics_themselves_are_bounded(registry: Registry) -> None:
    """A handler that invents names gets so many of them."""
    model = Recorder(registry, "h").model("noop", "1.0")
    for number in range(5):
        model.custom([update(f"Name{number}")])
    assert [registry.find(f"Name{number}") is not None for number in range(5)] == [True] * 3 + [False] * 2
    assert dropped(registry) == {("other", "metric_budget", "noop"): 2.0}


def test_orders_of_dimensions_are_one_metric(registry: Registry) -> None:
    """To the budget too: there are six orders of three."""
    model = Recorder(registry, "h").model("noop", "1.0")
    for order in permutations({"a": "1", "b": "2", "c": "3"}.items()):
        model.custom([update(labels=dict(order))])
    assert page(registry, "Calls") == ['Calls{a="1",b="2",c="3",Hostname="h",} 6.0']
    assert dropped(registry) == {}


anything = st.text(max_size=8)
updates = st.builds(
    lambda kind, name, unit, labels, value: MetricUpdate(
        kind, name, unit, list(labels), list(labels.values()), value, ""
    ),
    st.sampled_from(["counter", "gauge", "histogram", "odd"]),
    st.one_of(anything, st.sampled_from(["Calls", "Calls_sum", "Requests2XX", "PredictionTime", "9"])),
    st.sampled_from(["", "ms", "percent", "B", "tok/s"]),
    st.dictionaries(st.one_of(anything, st.sampled_from(["le", "Hostname", "ModelName"])), anything, max_size=3),
    st.floats(),
)


@settings(deadline=None, max_examples=50)
@given(st.lists(updates, max_size=12))
def test_no_update_breaks_the_page(many: list[MetricUpdate]) -> None:
    """Whatever handlers emit, the parser reads the page back and finds no sample twice."""
    shown = [BY_NAME[name] for name in ("Requests2XX", "PredictionTime", "servescope_scrape_duration_seconds")]
    registry = Registry(shown, series_budget=5)
    Recorder(registry, "h").model("noop", "1.0").custom(many)
    text = b"".join(render(registry)).decode()
    samples = [
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]
    assert len(samples) == len(set(samples))
