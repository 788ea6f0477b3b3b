"""What handlers measure ends with them: gauges at once, what only grows when many others have gone since."""

import pytest

from metrics.answers import answer
from metrics.dropped import dropped
from servescope.metrics.recording.recorder import MOST_GONE, Recorder
from servescope.metrics.registry import Registry
from servescope.wire.measured.update import DROPPED, MetricUpdate


class Batch:
    """A batch without requests."""

    request_ids = ()


def update(kind: str, name: str, value: float = 1.0, **labels: str) -> MetricUpdate:
    return MetricUpdate(kind, name, "ms", list(labels), list(labels.values()), value, "r")


def shown(registry: Registry, name: str) -> list[tuple[str, ...]]:
    family = registry.find(name)
    return [one.labels for one in family.snapshot()] if family is not None else []


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def recorder(registry: Registry) -> Recorder:
    return Recorder(registry, "h")


def everything(recorder: Recorder, name: str, version: str = "1.0") -> None:
    """A model's handler writes of each kind, and answers."""
    model = recorder.model(name, version)
    model.request_arrived("default")
    model.batch_handled(0.001, Batch())
    answer(model, "default", 2.0, 1.0)
    names = {"ModelName": name, "Level": "Model"}
    model.custom(
        [
            update("gauge", "HandlerTime", **names),
            update("gauge", "Depth", **names),
            update("counter", "Calls", **names),
        ]
    )


def test_gauges_go_with_their_model(recorder: Recorder, registry: Registry) -> None:
    """At once, as they are true of nothing; another model's stay, and counters of both."""
    for name in ("a", "b"):
        everything(recorder, name)
    recorder.forget("a", "1.0")
    for gauge in ("HandlerTime", "PredictionTime", "Depth"):
        assert shown(registry, gauge) == [("b", "Model", "h")], gauge
    assert shown(registry, "Calls") == [("a", "Model", "h"), ("b", "Model", "h")]
    assert shown(registry, "ts_inference_requests_total") == [("a", "default", "h"), ("b", "default", "h")]


def test_gauges_come_back_with_it(recorder: Recorder, registry: Registry) -> None:
    """And counters go on."""
    for _ in range(2):
        everything(recorder, "a")
        recorder.forget("a", "1.0")
        assert shown(registry, "PredictionTime") == shown(registry, "Depth") == []
    everything(recorder, "a")
    for gauge in ("HandlerTime", "PredictionTime", "Depth"):
        assert shown(registry, gauge) == [("a", "Model", "h")], gauge
    assert registry.counter("Calls").labels("a", "Model", "h").value == 3.0


def test_versions_share_what_both_write(recorder: Recorder, registry: Registry) -> None:
    """A gauge goes with the last version that wrote it."""
    everything(recorder, "a", "1.0")
    everything(recorder, "a", "2.0")
    recorder.model("a", "1.0").custom([update("gauge", "Depth", ModelName="a", Level="first")])
    recorder.forget("a", "1.0")
    assert shown(registry, "Depth") == shown(registry, "PredictionTime") == [("a", "Model", "h")]
    recorder.forget("a", "2.0")
    assert shown(registry, "Depth") == shown(registry, "PredictionTime") == []


def test_models_share_a_gauge_without_a_model_in_it(recorder: Recorder, registry: Registry) -> None:
    """Also where it gets more labels in between."""
    for name in ("a", "b"):
        recorder.model(name, "1.0").custom([update("gauge", "Depth", Queue="q")])
    recorder.model("b", "1.0").custom([update("gauge", "Depth", Tier="t")])
    recorder.forget("a", "1.0")
    assert shown(registry, "Depth") == [("q", "", "h"), ("", "t", "h")]
    recorder.forget("b", "1.0")
    assert shown(registry, "Depth") == []


def test_counters_of_models_long_gone_make_room(recorder: Recorder, registry: Registry) -> None:
    """And all else that is known of them, families included, that nobody else has."""
    for number in range(MOST_GONE + 3):
        name = f"m{number}"
        everything(recorder, name)
        recorder.model(name, "1.0").custom(
            [update("counter", f"Only_{name}"), update("counter", "Calls", 1.0, ModelName=name)]
        )
        recorder.model(name, "1.0").custom([MetricUpdate(DROPPED, "Calls", "value", [], [], 2.0, "")])
        recorder.forget(name, "1.0")
    assert {labels[0] for labels in shown(registry, "Calls")} == {f"m{number}" for number in range(3, MOST_GONE + 3)}
    for family in ("ts_inference_requests_total", "ts_inference_latency_microseconds", "ts_queue_latency_microseconds"):
        assert [labels[0] for labels in shown(registry, family)] == [f"m{number}" for number in range(3, MOST_GONE + 3)]
    assert [registry.find(f"Only_m{number}") is not None for number in (0, 2, 3)] == [False, False, True]
    assert len(dropped(registry)) == MOST_GONE
    assert len(shown(registry, "servescope_requests_in_flight")) == MOST_GONE


def test_versions_long_gone_make_room(recorder: Recorder, registry: Registry) -> None:
    """What the name has, whatever its version, stays while a version of it is there."""
    for number in range(MOST_GONE + 3):
        version = str(number)
        everything(recorder, "m", version)
        recorder.model("m", version).request_arrived(version)
        if number:
            recorder.forget("m", version)
    labels = [version for _, version, _ in shown(registry, "ts_inference_requests_total")]
    assert labels == ["default", "0", *map(str, range(3, MOST_GONE + 3))]
    assert registry.counter("Calls").labels("m", "Model", "h").value == MOST_GONE + 3


def test_reasons_are_there_from_the_start(registry: Registry) -> None:
    """At zero, so that an alert can tell a first one."""
    found = registry.counter("servescope_series_dropped_total").series
    reasons = ("series_budget", "metric_budget", "name", "dimensions", "unit", "value", "room")
    assert {labels: one.value for labels, one in found.items()} == {("", reason, ""): 0.0 for reason in reasons}


def test_what_a_worker_refuses_is_counted(recorder: Recorder, registry: Registry) -> None:
    """By its reason, as what the front end refuses."""
    recorder.model("a", "1.0").custom([MetricUpdate(DROPPED, "C/d", "value", [], [], 3.0, "")])
    assert dropped(registry) == {("C_d", "value", "a"): 3.0}


def test_families_in_what_is_dropped_are_bounded() -> None:
    """Handlers make names up; those past the budget are counted as other."""
    registry = Registry(series_budget=2)
    model = Recorder(registry, "h").model("a", "1.0")
    model.custom([MetricUpdate(DROPPED, f"C{number}", "value", [], [], 1.0, "") for number in (0, 1, 2, 3, 0)])
    assert dropped(registry) == {("C0", "value", "a"): 2.0, ("C1", "value", "a"): 1.0, ("other", "value", "a"): 2.0}


def test_a_name_is_free_for_others_once_its_models_are_forgotten(recorder: Recorder, registry: Registry) -> None:
    """Also for one that has tried before, and whose writes were left out."""
    recorder.model("first", "1.0").custom([update("gauge", "Clash", ModelName="first")])
    other = recorder.model("other", "1.0")
    other.custom([update("counter", "Clash", ModelName="other")])
    assert dropped(registry) == {("Clash", "name", "other"): 1.0}
    recorder.forget("first", "1.0")
    registry.forget("first")
    other.custom([update("counter", "Clash", ModelName="other")])
    assert shown(registry, "Clash") == [("other", "h")]
