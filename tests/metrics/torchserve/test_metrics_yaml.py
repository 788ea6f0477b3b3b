"""metrics.yaml: TorchServe's own file, what it selects, and errors that say where."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.answers import answer
from servescope.errors import ConfigurationError
from servescope.metrics.definitions import BY_NAME, DEFINITIONS, OWN, TORCHSERVE
from servescope.metrics.exposition.text import render
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.metrics.torchserve.metrics_yaml import MetricsConfig, read_metrics_config, select
from servescope.wire.measured.update import MetricUpdate
from servescope.wire.messages import MetricDeclaration

# Written for this test in the way of TorchServe's documentation: anchors, shared dimensions, own metrics.
DOCUMENTED = """
dimensions:
  - &model_name "ModelName"
  - &worker_name "WorkerName"
  - &level "Level"
  - &device_id "DeviceId"
  - &hostname "Hostname"

ts_metrics:
  counter:
    - name: Requests2XX
      unit: Count
      dimensions: [*level, *hostname]
    - name: ts_inference_requests_total
      unit: Count
      dimensions: ["model", "version", "hostname"]
    - name: NameOfCounterMetric
      unit: ms
      dimensions: [*model_name, *level]
  gauge:
    - name: GPUUtilization
      unit: Percent
      dimensions: [*level, *device_id, *hostname]

model_metrics:
  counter:
    - name: InferenceCalls
      unit: count
      dimensions: [*model_name, *level]
  gauge:
    - name: PredictionTime
      unit: ms
      dimensions: [*model_name, *level]
  histogram:
    - name: TokenTime
      unit: ms
      dimensions: [*model_name]
"""


@dataclass
class Batch:
    """A batch without requests."""

    request_ids: tuple[str, ...] = ()


def read(tmp_path: Path, text: str) -> MetricsConfig:
    path = tmp_path / "metrics.yaml"
    path.write_text(text)
    return read_metrics_config(path)


def test_a_documented_file(tmp_path: Path) -> None:
    """Anchors are YAML's business; declarations keep the file's order."""
    config = read(tmp_path, DOCUMENTED)
    assert config.ts_metrics is not None
    assert [declaration.name for declaration in config.ts_metrics] == [
        "Requests2XX", "ts_inference_requests_total", "NameOfCounterMetric", "GPUUtilization",
    ]  # fmt: skip
    assert config.model_metrics[0] == MetricDeclaration("counter", "InferenceCalls", "count", ["ModelName", "Level"])


def test_what_it_selects(tmp_path: Path) -> None:
    """Listed families and this project's own; handlers' families that it does not list only with auto-detection."""
    config = read(tmp_path, DOCUMENTED)
    strict = [definition.name for definition in select(config, auto_detect=False)]
    listed = [declaration.name for declaration in (*(config.ts_metrics or ()), *config.model_metrics)]
    assert strict == listed + [definition.name for definition in OWN]
    assert set(select(config, auto_detect=True)) - set(select(config, auto_detect=False)) == {BY_NAME["HandlerTime"]}


def test_its_own_families(tmp_path: Path) -> None:
    """Have its type, unit and labels, and buckets that follow the unit; the host's name comes last in model_metrics."""
    found = {definition.name: definition for definition in select(read(tmp_path, DOCUMENTED), auto_detect=False)}
    counter, histogram = found["NameOfCounterMetric"], found["TokenTime"]
    assert (counter.kind, counter.unit, counter.labels) == ("counter", "ms", ("ModelName", "Level"))
    assert (counter.buckets, counter.updated) == ((), "Nothing in this server writes it.")
    assert (histogram.kind, histogram.unit, histogram.labels) == ("histogram", "ms", ("ModelName", "Hostname"))
    assert histogram.buckets[0] == 5.0


def test_units_are_the_files(tmp_path: Path) -> None:
    """Of the server's own families too: the log lines show them."""
    text = (
        "ts_metrics: {gauge: [{name: QueueTime, unit: ms, dimensions: [L, Hostname]}]}\n"
        "model_metrics: {gauge: [{name: HandlerTime, unit: Milliseconds, dimensions: [M, L]}]}"
    )
    found = {definition.name: definition for definition in select(read(tmp_path, text), auto_detect=False)}
    assert (found["QueueTime"].unit, found["QueueTime"].labels) == ("ms", ("L", "Hostname"))
    assert (found["HandlerTime"].unit, found["HandlerTime"].labels) == ("Milliseconds", ("M", "L", "Hostname"))
    assert found["QueueTime"].help == BY_NAME["QueueTime"].help


def test_a_server_with_it(tmp_path: Path) -> None:
    """Values map to the file's labels by position; what it does not list is not shown, what it declares is."""
    registry = Registry(select(read(tmp_path, DOCUMENTED), auto_detect=False))
    recorder = Recorder(registry, "h")
    recorder.port.response_sent(404)
    model = recorder.model("noop", "1.0")
    model.request_arrived("default")
    answer(model, "default", 1.0, 1.0)
    model.batch_handled(0.001, Batch())
    model.custom([MetricUpdate("histogram", "TokenTime", "ms", ["ModelName"], ["noop"], 6.0, "")])
    text = b"".join(render(registry)).decode()
    assert 'ts_inference_requests_total{model="noop",version="default",hostname="h",} 1.0' in text
    assert 'PredictionTime{ModelName="noop",Level="Model",Hostname="h",} 1.0' in text
    assert 'TokenTime_bucket{ModelName="noop",Hostname="h",le="5.0",} 0.0' in text
    assert "# TYPE NameOfCounterMetric counter" in text
    assert "Requests4XX" not in text
    assert "ts_inference_latency_microseconds" not in text


def test_without_ts_metrics_all_of_the_servers_are_on(tmp_path: Path) -> None:
    """A file that speaks of a model's metrics only takes nothing away."""
    config = read(tmp_path, "model_metrics: {counter: [{name: Calls, unit: count, dimensions: []}]}")
    assert config.ts_metrics is None
    names = {definition.name for definition in select(config, auto_detect=True)}
    assert names == {definition.name for definition in DEFINITIONS} | {"Calls"}


def test_every_family_can_be_listed(tmp_path: Path) -> None:
    """A file with TorchServe's whole default list selects the definitions unchanged."""
    sections: dict[str, dict[str, list[str]]] = {"ts_metrics": {}, "model_metrics": {}}
    for d in TORCHSERVE:
        section = "model_metrics" if "ModelName" in d.labels else "ts_metrics"
        labels = d.labels[:-1] if section == "model_metrics" else d.labels
        entry = f"    - {{name: {d.name}, unit: {d.unit}, dimensions: [{', '.join(labels)}]}}"
        sections[section].setdefault(d.kind, []).append(entry)
    lines = []
    for section, kinds in sections.items():
        lines.append(f"{section}:")
        for kind, entries in kinds.items():
            lines += [f"  {kind}:", *entries]
    assert set(select(read(tmp_path, "\n".join(lines)), auto_detect=False)) == set(DEFINITIONS)


GOOD = "model_metrics: {counter: [{name: Calls, unit: count, dimensions: [a]}]}"
BAD = [
    ("{", "is no YAML: line 1, column 2: expected"),
    (
        "model_metrics:\n  counter:\n    - name: [*level]\n",
        "is no YAML: line 3, column 14: found undefined alias 'level'",
    ),
    ("\x00", "is no YAML: "),
    ("[" * 100_000, "is no YAML: it is nested too deeply"),
    ("model_metrics: {}", "model_metrics must have keys among counter, gauge, histogram, not {}"),
    (
        "ts_metrics:\n" + "model_metrics: {counter: [{name: Calls, unit: count, dimensions: [a]}]}",
        "ts_metrics must have keys",
    ),
    ("model_metrics: {counter: []}", r"model_metrics.counter must be a list of metrics, not \[\]"),
    ("", "must be sections ts_metrics and model_metrics, not None"),
    ("[]", r"must be sections ts_metrics and model_metrics, not \[\]"),
    ("ts_metrics: {}", "the section model_metrics is missing"),
    ("model_metrics:", "model_metrics must have keys among counter, gauge, histogram, not None"),
    ("model_metrics: {summary: []}", "model_metrics: 'summary' is none of the types"),
    ("model_metrics: {counter: }", "model_metrics.counter must be a list of metrics, not None"),
    (
        "model_metrics: {counter: [x]}",
        r"model_metrics.counter\[0\] must have the keys name, unit and dimensions, not 'x'",
    ),
    (GOOD.replace("unit: count, ", ""), r"model_metrics.counter\[0\]: the key unit is missing"),
    (GOOD.replace("Calls", "''"), r"model_metrics.counter\[0\].name must be a text that is not empty, not ''"),
    (GOOD.replace("count,", "7,"), r"model_metrics.counter\[0\].unit must be a text that is not empty, not 7"),
    (GOOD.replace("Calls", "tok/s"), r"model_metrics.counter\[0\].name: 'tok/s' is no valid Prometheus metric name"),
    (GOOD.replace("[a]", "a"), r"model_metrics.counter\[0\].dimensions must be a list, not 'a'"),
    (GOOD.replace("[a]", "[a, 5]"), r"model_metrics.counter\[0\].dimensions\[1\]: 5 is no valid Prometheus label name"),
    (GOOD.replace("[a]", "[a, a]"), r"model_metrics.counter\[0\].dimensions\[1\]: 'a' is there twice"),
    (GOOD.replace("[{", "[{name: Calls, unit: count, dimensions: []}, {"), "the name Calls is taken by Calls"),
    (
        GOOD.replace("Calls", "Calls, unit: count, dimensions: []}, {name: Calls_sum")
        + "\nts_metrics: {histogram: [{name: Calls, unit: s, dimensions: []}]}",
        "the name Calls is taken by Calls",
    ),
    (GOOD.replace("Calls", "servescope_series"), "the name servescope_series is taken by servescope_series"),
    (GOOD.replace("Calls", "QueueTime"), "QueueTime is the server's own and belongs in ts_metrics"),
    (GOOD.replace("Calls", "PredictionTime"), "model_metrics.counter: PredictionTime is a gauge"),
    (
        "ts_metrics: {gauge: [{name: QueueTime, unit: ms, dimensions: [Level]}]}\n" + GOOD,
        r"ts_metrics.gauge: QueueTime: dimensions must stand for Level, Hostname, not \['Level'\]",
    ),
    (
        "ts_metrics: {gauge: [{name: QueueTime, unit: ms, dimensions: [Hostname, Level]}]}\n" + GOOD,
        "QueueTime: dimensions must stand for Level, Hostname",
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_errors_say_where(tmp_path: Path, text: str, message: str) -> None:
    """The option, the file, the section, the index, the key and the value."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        read(tmp_path, text)
    assert f"metrics_config {tmp_path / 'metrics.yaml'}" in str(caught.value)


def test_a_directory(tmp_path: Path) -> None:
    """Is no file that can be read."""
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        read_metrics_config(tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """Are told apart from a missing file."""
    path = tmp_path / "metrics.yaml"
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ConfigurationError, match="is no YAML: "):
        read_metrics_config(path)


def test_an_unreadable_file(tmp_path: Path) -> None:
    """Says so and names it."""
    with pytest.raises(ConfigurationError, match=r"metrics_config .*none\.yaml cannot be read: No such file"):
        read_metrics_config(tmp_path / "none.yaml")


leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["Calls", "a"]))
keys = st.sampled_from(["ts_metrics", "model_metrics", "counter", "gauge", "histogram", "name", "unit", "dimensions"])
trees = st.recursive(leaves, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner)))


@settings(deadline=None)
@given(trees)
def test_any_yaml_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, tree: object) -> None:
    """No other exception comes out, and whatever is accepted makes a registry."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(repr(tree).replace("None", "null").replace("True", "true").replace("False", "false"))
    try:
        config = read_metrics_config(path)
    except ConfigurationError:
        return
    Registry(select(config, auto_detect=True))
