"""Dimensions of handlers' metrics find their labels by name, whatever their order, model or declaration."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.dropped import dropped
from servescope.metrics.definitions import Definition
from servescope.metrics.exposition import openmetrics, protobuf
from servescope.metrics.exposition.text import render
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.metrics.torchserve.metrics_yaml import MetricsConfig, select
from servescope.wire.measured.update import MetricUpdate
from servescope.wire.messages import MetricDeclaration


def update(name: str, value: float = 1.0, kind: str = "counter", /, **labels: str) -> MetricUpdate:
    return MetricUpdate(kind, name, "count", list(labels), list(labels.values()), value, "r")


def page(registry: Registry, *names: str) -> list[str]:
    text = b"".join(render(registry, names)).decode()
    return [line for line in text.splitlines() if not line.startswith("#")]


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.mark.parametrize("kind", ["counter", "gauge", "histogram"])
def test_any_order_is_one_series(registry: Registry, kind: str) -> None:
    """With each value under its own name."""
    model = Recorder(registry, "h").model("m", "1.0")
    model.custom([update("Steps", 1.0, kind, Stage="decode", Route="fast")])
    model.custom([update("Steps", 1.0, kind, Route="fast", Stage="decode")])
    total = 1.0 if kind == "gauge" else 2.0
    name = "Steps_count" if kind == "histogram" else "Steps"
    assert page(registry, name) == [f'{name}{{Stage="decode",Route="fast",Hostname="h",}} {total}']


def test_a_handlers_own_level_model_name_and_hostname(registry: Registry) -> None:
    """Wherever they stand; the server knows better what its host is called."""
    model = Recorder(registry, "h").model("m", "1.0")
    model.custom([update("C", Level="Mine", A="a", Hostname="theirs", ModelName="other")])
    model.custom([update("C", Hostname="theirs", ModelName="other", Level="Mine", A="a")])
    model.custom([update("C", ModelName="other", A="a", Level="Mine")])
    assert page(registry, "C") == ['C{Level="Mine",A="a",ModelName="other",Hostname="h",} 3.0']


def test_two_models_with_other_orders(registry: Registry) -> None:
    """Neither loses its metric."""
    recorder = Recorder(registry, "h")
    recorder.model("a", "1.0").custom([update("C", Route="fast", ModelName="a")])
    recorder.model("b", "1.0").custom([update("C", ModelName="b", Route="slow")])
    assert page(registry, "C") == [
        'C{Route="fast",ModelName="a",Hostname="h",} 1.0',
        'C{Route="slow",ModelName="b",Hostname="h",} 1.0',
    ]


def test_other_dimensions_are_other_series(registry: Registry) -> None:
    """A family has one set of labels: it gets those that are new, and what a write does not give is empty, which is to
    Prometheus no label.
    """
    recorder = Recorder(registry, "h")
    first, second = recorder.model("a", "1.0"), recorder.model("b", "1.0")
    for _ in range(2):
        first.custom([update("C", Route="fast")])
        first.custom([update("H", 3.0, "histogram")])
        second.custom([update("C", 2.0, Tier="1", ModelName="b")])
        second.custom([update("H", 5.0, "histogram", Tier="1")])
        first.custom([update("C", 4.0)])
    assert page(registry, "C") == [
        'C{Route="fast",Tier="",ModelName="",Hostname="h",} 2.0',
        'C{Route="",Tier="1",ModelName="b",Hostname="h",} 4.0',
        'C{Route="",Tier="",ModelName="",Hostname="h",} 8.0',
    ]
    assert page(registry, "H_sum") == ['H_sum{Tier="",Hostname="h",} 6.0', 'H_sum{Tier="1",Hostname="h",} 10.0']
    assert dropped(registry) == {}
    assert page(registry, "servescope_series").count('servescope_series{family="C",} 3.0') == 1


def test_names_of_dimensions_are_bounded(registry: Registry) -> None:
    """A handler that makes them up gets 64, and its next write with those is shown."""
    model = Recorder(registry, "h").model("m", "1.0")
    for number in range(100):
        model.custom([update("C", **{f"d{number}": "x"})])
    model.custom([update("C", d63="x")])
    assert len(registry.counter("C").definition.labels) == 65
    assert dropped(registry) == {("C", "dimensions", "m"): 36.0}
    assert registry.counter("C").series[(*[""] * 63, "x", "h")].value == 2.0


@pytest.mark.parametrize("exposition", [render, openmetrics.render, protobuf.render])
def test_a_scrape_under_way_goes_on(registry: Registry, exposition) -> None:
    """While a family gets more labels."""
    model = Recorder(registry, "h").model("m", "1.0")
    for number in range(99):
        model.custom([update("C", User=str(number)), update("H", 1.0, "histogram", User=str(number))])
    clock = iter(range(1_000_000))
    slices = exposition(registry, ("C", "H_bucket", "H_sum", "H_count"), lambda: next(clock))
    shown = [next(slices)]
    model.custom([update("C", More="y"), update("H", 1.0, "histogram", More="y")])
    shown += slices
    assert b"98" in b"".join(shown)


DECLARED = MetricsConfig(
    None,
    (
        MetricDeclaration("counter", "C", "count", ["Stage", "Route"]),
        MetricDeclaration("gauge", "HandlerTime", "ms", ["Level", "ModelName"]),
        MetricDeclaration("gauge", "PredictionTime", "ms", ["Niveau", "Modele"]),
    ),
)


@pytest.fixture
def declared() -> Registry:
    return Registry(select(DECLARED, auto_detect=True))


def test_the_declared_order(declared: Registry) -> None:
    """Is that of metrics.yaml; what it does not declare is refused with a line, and counted."""
    model = Recorder(declared, "h").model("m", "1.0")
    model.custom([update("C", Route="fast", Stage="decode"), update("C", Route="fast", Stage="decode", More="x")])
    model.custom([update("HandlerTime", 1.0, "gauge", ModelName="m", Level="Model") for _ in range(2)])
    model.custom([MetricUpdate("gauge", "HandlerTime", "ms", ["ModelName", "Level"], ["m", "Model"], 7.0, "")])
    assert page(declared, "C") == ['C{Stage="decode",Route="fast",Hostname="h",} 1.0']
    assert page(declared, "HandlerTime") == ['HandlerTime{Level="Model",ModelName="m",Hostname="h",} 7.0']
    assert dropped(declared) == {("C", "dimensions", "m"): 1.0, ("HandlerTime", "unit", "m"): 2.0}


def test_other_names_for_the_servers_own_dimensions(declared: Registry) -> None:
    """Stand for them in order, as in TorchServe; a handler may use either."""
    recorder = Recorder(declared, "h")
    given = {"ModelName": "m", "Level": "Model"}
    for labels in (given, {"Modele": "Model", "Niveau": "m"}):
        names, values = list(labels), list(labels.values())
        recorder.model("m", "1.0").custom([MetricUpdate("gauge", "PredictionTime", "ms", names, values, 5.0, "")])
        assert page(declared, "PredictionTime") == ['PredictionTime{Niveau="m",Modele="Model",Hostname="h",} 5.0']
    both = MetricUpdate("gauge", "PredictionTime", "ms", ["ModelName", "Niveau"], ["x", "y"], 5.0, "")
    recorder.model("m", "1.0").custom([both])
    assert dropped(declared) == {("PredictionTime", "dimensions", "m"): 1.0}


def test_what_the_server_writes_goes_by_name_too() -> None:
    """Whatever order metrics.yaml gives TorchServe's own families."""
    declarations = (
        MetricDeclaration(
            "counter", "ts_inference_requests_total", "Count", ["model_version", "model_name", "hostname"]
        ),
        MetricDeclaration("gauge", "WorkerLoadTime", "Milliseconds", ["Level", "WorkerName", "Hostname"]),
    )
    registry = Registry(select(MetricsConfig(declarations, DECLARED.model_metrics), auto_detect=True))
    recorder = Recorder(registry, "h")
    recorder.model("m", "1.0").request_arrived("default")
    recorder.worker_loaded("W-9000-m_1.0", 3.0)
    counted = 'ts_inference_requests_total{model_version="default",model_name="m",hostname="h",} 1.0'
    assert page(registry, "ts_inference_requests_total") == [counted]
    assert page(registry, "WorkerLoadTime") == [
        'WorkerLoadTime{Level="Host",WorkerName="W-9000-m_1.0",Hostname="h",} 3.0'
    ]
    recorder.workers.gone("m", "1.0", "W-9000-m_1.0", 0.0, 0.0)
    assert page(registry, "WorkerLoadTime") == []


names = st.lists(st.sampled_from(["a", "b", "c", "Level", "ModelName", "Hostname"]), unique=True)


@given(st.lists(names))
def test_no_value_is_ever_under_another_name(written: list[list[str]]) -> None:
    """Each value says under which name it was written."""
    registry = Registry(())
    recorder = Recorder(registry, "h")
    for number, dimensions in enumerate(written):
        recorder.model(f"m{number % 2}", "1.0").custom([update("C", **{name: f"is {name}" for name in dimensions})])
    if written:
        family = registry.counter("C")
        for series in family.series.values():
            labels = dict(zip(family.definition.labels, series.labels, strict=True))
            assert labels.pop("Hostname") == "h"
            assert all(value in ("", f"is {name}") for name, value in labels.items())
        assert sum(one.value for one in family.series.values()) == len(written)


def test_a_definitions_order() -> None:
    """Puts a writer's values under their labels."""
    definition = Definition("g", "gauge", "", ("b", "a", "h"), "", order=(1, 0, 2))
    registry = Registry((definition,))
    registry.gauge("g").labels("is a", "is b", "is h").value = 1.0
    assert page(registry, "g") == ['g{b="is b",a="is a",h="is h",} 1.0']
    registry.gauge("g").remove("is a", "is b", "is h")
    assert page(registry, "g") == []
