"""`ts.metrics` where no server is: the cache that unit tests make from a metrics.yaml, the store, the host's metrics."""

import io
import json
import logging
import os
import string
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ts.metrics import metric_cache_errors as errors
from ts.metrics import system_metrics
from ts.metrics.caching_metric import CachingMetric
from ts.metrics.dimension import Dimension
from ts.metrics.metric_abstract import MetricAbstract
from ts.metrics.metric_cache_abstract import MetricCacheAbstract
from ts.metrics.metric_cache_yaml_impl import MetricsCacheYamlImpl
from ts.metrics.metric_encoder import MetricEncoder
from ts.metrics.metric_type_enum import MetricTypes
from ts.metrics.metrics_store import MetricsStore
from ts.metrics.process_memory_metric import check_process_mem_usage, get_cpu_usage

from worker.conftest import context_of

DECLARED = {
    "dimensions": ["host"],
    "model_metrics": {
        "counter": [{"name": "Seen", "unit": "count", "dimensions": ["ModelName", "Level"]}],
        "gauge": [{"name": "Took", "unit": "ms", "dimensions": ["ModelName"]}],
    },
}


@pytest.fixture
def cached(tmp_path):
    """The cache of a file."""

    def make(document):
        path = tmp_path / "metrics.yaml"
        path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
        return MetricsCacheYamlImpl(str(path))

    return make


def test_a_cache_measures(cached, caplog):
    """What the file declares is there, under its model and its requests; new ones can be made."""
    caplog.set_level(logging.INFO, "ts.metrics.caching_metric")
    metrics = cached(DECLARED)
    metrics.initialize_cache()
    metrics.model_name = "m"
    metrics.set_request_ids({0: "a", 1: "b"})
    assert metrics.cache_keys() == ["counter:Seen", "gauge:Took"]
    metrics.add_counter("Seen", 3, idx=1)
    metrics.get_metric("Took", MetricTypes.GAUGE).add_or_update(2.5, ["n"])
    metrics.add_metric_to_cache("New", "MB", ["Where"], MetricTypes.HISTOGRAM).add_or_update(1, ["here"], "x")
    heads = [one.getMessage().split("|#type")[0] for one in caplog.records]
    assert heads == [
        "[METRICS]Seen.Count:3|#ModelName:m,Level:Model",
        "[METRICS]Took.Milliseconds:2.5|#ModelName:n",
        "[METRICS]New.Megabytes:1|#Where:here",
    ]
    assert [one.getMessage()[-2:] for one in caplog.records] == [",b", caplog.records[1].getMessage()[-2:], ",x"]
    with pytest.raises(errors.MetricsCacheKeyError):
        metrics.get_metric("None")


def test_a_cache_is_contexts_metrics(cached):
    """It takes its ids from the context, as a worker's metrics do; both count as TorchServe's classes."""
    metrics = cached(DECLARED)
    metrics.initialize_cache()
    context = context_of(ids=["r"])
    assert isinstance(context.metrics, MetricCacheAbstract)
    context.metrics = metrics
    assert metrics.request_ids == "r"
    assert isinstance(metrics, MetricCacheAbstract)
    assert isinstance(metrics.get_metric("Seen"), CachingMetric | MetricAbstract)
    assert issubclass(CachingMetric, MetricAbstract)


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({"other": {}}, errors.MetricsCacheKeyError),
        ("just text", errors.MetricsCacheKeyError),
        ("", errors.MetricsCacheKeyError),
        ({"model_metrics": {}}, errors.MetricsCacheValueError),
        ({"model_metrics": {"meter": []}}, errors.MetricsCacheKeyError),
        ({"model_metrics": {"counter": [{"name": "n", "unit": "ms"}]}}, errors.MetricsCacheKeyError),
        ({"model_metrics": {"counter": None}}, errors.MetricsCacheValueError),
        ({"model_metrics": ["counter"]}, errors.MetricsCacheValueError),
        ({"model_metrics": {"counter": ["n"]}}, errors.MetricsCacheValueError),
        ({"model_metrics": {"counter": {"name": "n"}}}, errors.MetricsCacheValueError),
    ],
)
def test_a_file_that_declares_nothing(cached, document, error):
    """The error is TorchServe's, where it has one."""
    with pytest.raises(error):
        cached(document).initialize_cache()


@pytest.mark.parametrize(
    ("call", "error", "words", "value"),
    [
        (
            lambda cache: cache.add_metric_to_cache(42, "ms"),
            errors.MetricsCacheTypeError,
            "`metric_name` must be a str",
            42,
        ),
        (lambda cache: cache.add_metric_to_cache("n", 1), errors.MetricsCacheTypeError, "`unit` must be a str", 1),
        (
            lambda cache: cache.add_metric_to_cache("n", "", "d"),
            errors.MetricsCacheTypeError,
            "`dimension_names` should be a list of dimension name strings",
            "d",
        ),
        (
            lambda cache: cache.get_metric("n", "gauge"),
            errors.MetricsCacheTypeError,
            "`metric_type` must be a MetricTypes enum",
            "gauge",
        ),
        (
            lambda cache: cache.add_time("n", 1, unit="ns"),
            errors.MetricsCacheValueError,
            "the unit for a timed metric should be one of ['ms', 's']",
            "ns",
        ),
        (
            lambda cache: cache.add_size("n", 1, unit="TB"),
            errors.MetricsCacheValueError,
            "The unit for size based metric is one of ['MB','kB', 'GB', 'B']",
            "TB",
        ),
    ],
)
def test_a_cache_is_strict(cached, call, error, words, value):
    """What a unit test gets wrong is TorchServe's error, in its words, with the value in a note."""
    with pytest.raises(error) as raised:
        call(cached(DECLARED))
    assert raised.value.args == (words,)
    assert raised.value.__notes__ == [f"It is {value!r}"]


def test_a_cache_beside_others(cached, caplog):
    """A copy for another batch at the same time writes the same metrics, under ids of its own."""
    caplog.set_level(logging.INFO, "ts.metrics.caching_metric")
    metrics = cached(DECLARED)
    metrics.initialize_cache()
    metrics.model_name = "m"
    metrics.set_request_ids("one")
    other = metrics.fork()
    other.set_request_ids("other")
    other.add_counter("Seen", 1)
    metrics.add_counter("Seen", 1)
    assert [one.getMessage().rpartition(",")[2] for one in caplog.records] == ["other", "one"]
    assert other.get_metric("Seen") is metrics.get_metric("Seen")


def test_a_cache_without_requests(cached, caplog):
    """What is written before it knows of any is under Level=Error, as in TorchServe."""
    caplog.set_level(logging.INFO, "ts.metrics.caching_metric")
    metrics = cached(DECLARED)
    metrics.model_name = "m"
    metrics.add_counter("Early", 1)
    metrics.set_request_ids("r")
    metrics.add_counter("Late", 1)
    heads = [one.getMessage().split("|#type")[0] for one in caplog.records]
    assert heads == ["[METRICS]Early.Count:1|#Level:Error", "[METRICS]Late.Count:1|#ModelName:m,Level:Model"]
    with pytest.raises(errors.MetricsCacheKeyError, match=r"type 'MetricTypes.COUNTER' and name 'None' doesn't exist"):
        metrics.get_metric("None")


_PLAIN = st.none() | st.booleans() | st.integers() | st.text(string.printable, max_size=5)


@given(
    st.recursive(
        _PLAIN, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text("ab", max_size=2), one), max_leaves=8
    )
)
def test_any_document(tmp_path_factory, section):
    """Whatever stands under `model_metrics`, it is read, or one of the errors says that it cannot be."""
    path = tmp_path_factory.mktemp("yaml") / "metrics.yaml"
    path.write_text(yaml.safe_dump({"model_metrics": {"counter": section}}))
    try:
        MetricsCacheYamlImpl(str(path)).initialize_cache()
    except (errors.MetricsCacheKeyError, errors.MetricsCacheValueError):
        pass


def test_files_that_cannot_be_read(tmp_path, cached):
    """Each fails as in TorchServe: no path, no file, no YAML."""
    with pytest.raises(errors.MetricsCacheTypeError):
        MetricsCacheYamlImpl(None)
    with pytest.raises(errors.MetricsCacheIOError, match=r"nowhere\.yaml"):
        MetricsCacheYamlImpl(str(tmp_path / "nowhere.yaml"))
    with pytest.raises(errors.MetricsCachePyYamlError, match=r"metrics\.yaml"):
        cached("{")
    assert str(errors.GeneralMetricsCacheError("x")) == "Generic error: x"


def test_a_store_keeps_what_is_written():
    """One metric a name, unit, request and dimensions; counters add, all others are set; errors belong to no request."""
    store = MetricsStore({0: "a", 1: "b"}, "m")
    store.add_counter("Seen", 1, 0)
    store.add_counter("Seen", 2, 0)
    store.add_counter("Seen", 5)
    store.add_time("Took", 1, 1, "s")
    store.add_time("Took", 3, 1, "s")
    store.add_size("Held", 2, dimensions=[Dimension("Where", "gpu")])
    store.add_percent("Full", 50)
    store.add_metric("Any", 1, "furlongs")
    store.add_error("Bad", "text")
    told = [(one.name, one.value, one.unit, one.request_id, ",".join(map(str, one.dimensions))) for one in store.store]
    own = "ModelName:m,Level:Model"
    assert told == [
        ("Seen", 3, "Count", "a", own),
        ("Seen", 5, "Count", "a,b", own),
        ("Took", 3, "Seconds", "b", own),
        ("Held", 2, "Megabytes", "a,b", f"Where:gpu,{own}"),
        ("Full", 50, "Percent", "a,b", own),
        ("Any", 1, "furlongs", "a,b", own),
        ("Bad", "text", "unit", None, "Level:Error"),
    ]
    sent = json.loads(json.dumps(store.store[3], cls=MetricEncoder))
    assert sent["Dimensions"][0] == {"Name": "Where", "Value": "gpu"}


@pytest.mark.parametrize(
    ("method", "unit"), [("add_time", "MB"), ("add_size", "ms"), ("add_size", "mb"), ("add_time", None)]
)
def test_a_store_refuses_other_units(method, unit):
    """As TorchServe's, and it names the unit; so does it refuse what is no list of dimensions."""
    store = MetricsStore("r", "m")
    with pytest.raises(ValueError, match="unit") as refused:
        getattr(store, method)("n", 1, unit=unit)
    assert refused.value.__notes__ == [f"It is {unit!r}"]
    with pytest.raises(ValueError, match="list of dimensions"):
        store.add_counter("n", 1, dimensions=("d",))
    assert not store.store


def test_the_hosts_metrics(caplog, monkeypatch):
    """All that TorchServe's script prints, each once, in its units; without GPUs none of theirs."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(system_metrics, "system_metrics", [])
    system_metrics.collect_all(system_metrics, 0)
    said = [one.getMessage().partition("|")[0].partition(":")[0] for one in caplog.records]
    assert said == [
        "CPUUtilization.Percent", "DiskAvailable.Gigabytes", "DiskUsage.Gigabytes", "DiskUtilization.Percent",
        "MemoryAvailable.Megabytes", "MemoryUsed.Megabytes", "MemoryUtilization.Percent", "",
    ]  # fmt: skip


def test_processes_memory(caplog):
    """Each that is there with its bytes, the others with 0 and a line; what is no number is named."""
    caplog.set_level(logging.INFO)
    check_process_mem_usage(io.StringIO(f"{os.getpid()},,nonsense\n"))
    said = [one.getMessage() for one in caplog.records]
    assert int(said[0].removeprefix(f"{os.getpid()}:")) > 1_000_000
    assert said[1:] == ["Failed get process for pid: nonsense", "nonsense:0"]
    assert get_cpu_usage("nonsense") == 0


def test_the_collector():
    """`python -m ts.metrics.metric_collector` prints the host's metrics, and those of the processes on its standard input."""
    shim = Path(system_metrics.__file__).parents[2]
    code = f"import sys, runpy; sys.path.insert(0, {str(shim)!r}); sys.argv = ['x', '--gpu', '0']; "
    code += "runpy.run_module('ts.metrics.metric_collector', run_name='__main__')"
    words = [sys.executable, "-c", code]
    said = subprocess.run(words, input=f"{os.getpid()}\n", capture_output=True, text=True, check=True).stdout
    lines = said.splitlines()
    assert lines[0].startswith("CPUUtilization.Percent:")
    assert lines[-1].startswith(f"{os.getpid()}:")
