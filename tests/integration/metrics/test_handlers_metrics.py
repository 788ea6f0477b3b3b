"""What handlers write to `context.metrics`, through a real server: each value under its own name, in its metric's unit, as long as
its model.
"""

import pytest

from integration.net_server import serving
from integration.server import pack, wait_until

pytestmark = pytest.mark.integration

# Does to its metrics what the body says.
METERED = """
from ts.metrics.dimension import Dimension as D
from ts.metrics.metric_type_enum import MetricTypes

def handle(data, context):
    if data is None:
        return None
    for row in data:
        exec(row["body"].decode(), {"metrics": context.metrics, "D": D, "MetricTypes": MetricTypes})
    return ["x"] * len(data)
"""
SETTINGS = {"metrics_mode": "prometheus,log", "metrics_buckets_mysize": "1,10,100"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    models = {"a": METERED, "b": METERED}
    with serving(tmp_path_factory.mktemp("metered") / "server", SETTINGS, models) as server:
        yield server


def write(server, code, model="a"):
    """Have the handler do something."""
    answer = server.http.post(server.url("inference", f"/predictions/{model}"), content=code.encode())
    assert answer.status_code == 200, answer.text


def shown(server, name):
    """Lines of a sample's name."""
    page = server.http.get(server.url("metrics", "/metrics"), params={"name[]": name}).text
    return [line for line in page.splitlines() if line.startswith(name)]


def test_dimensions_by_name(server):
    """One series, in whichever order; of another model too, and in the log."""
    write(server, 'metrics.add_counter("Steps", 1, dimensions=[D("Stage", "decode"), D("Route", "fast")])')
    write(server, 'metrics.add_counter("Steps", 1, dimensions=[D("Route", "fast"), D("Stage", "decode")])')
    write(
        server,
        'metrics.add_counter("Steps", 1, dimensions=[D("Level", "Mine"), D("Route", "r"), D("Stage", "s")])',
        "b",
    )
    own, other = shown(server, "Steps")
    assert own.startswith('Steps{Stage="decode",Route="fast",ModelName="a",Level="Model",Hostname="')
    assert own.endswith(" 2.0")
    assert other.startswith('Steps{Stage="s",Route="r",ModelName="b",Level="Mine",Hostname="')

    def logged():
        log = (server.directory / "logs" / "model_metrics.log").read_text()
        return [line.partition("|#")[2].partition("|")[0] for line in log.splitlines() if "Steps.Count:1.0" in line]

    wait_until(lambda: len(logged()) == 3)
    assert logged() == ["Stage:decode,Route:fast,ModelName:a,Level:Model"] * 2 + [
        "Stage:s,Route:r,ModelName:b,Level:Mine"
    ]


def test_a_metric_that_is_made_without_the_defaults(server):
    """Is written without them, by either way."""
    write(
        server,
        'made = metrics.add_metric_to_cache("C", "count", ["Route", "Stage"])\nmade.add_or_update(1, ["fast", "decode"])',
    )
    write(server, 'metrics.add_counter("C", 1, dimensions=[D("Stage", "decode"), D("Route", "fast")])')
    (line,) = shown(server, "C")
    assert line.startswith('C{Route="fast",Stage="decode",Hostname="')
    assert line.endswith(" 2.0")


def test_units(server):
    """Seconds after milliseconds, kilobytes after megabytes, of two models; a count of milliseconds is none."""
    write(server, 'metrics.add_time("Took", 5, unit="ms")')
    write(server, 'metrics.add_time("Took", 7, unit="s")')
    write(server, 'metrics.add_time("Took", 7, unit="s")', "b")
    write(server, 'metrics.add_metric("Took", 9, "count", metric_type=MetricTypes.GAUGE)', "b")
    write(server, 'metrics.add_size("Large", 5, unit="MB")')
    write(server, 'metrics.add_size("Large", 1024, unit="kB")')
    assert [line.rpartition(" ")[2] for line in shown(server, "Took")] == ["7000.0", "7000.0"]
    assert [line.rpartition(" ")[2] for line in shown(server, "Large")] == ["1.0"]
    assert server.metrics("servescope_series_dropped_total", family="Took", reason="unit", model_name="b") == 1.0
    assert server.metrics("servescope_series_dropped_total", family="Took", model_name="a") is None
    log = server.directory / "logs" / "ts_log.log"
    wait_until(lambda: "metric 'Took' of model b is left out" in log.read_text(), "its line")
    assert log.read_text().count("metric 'Took' of model b is left out") == 1


def test_what_is_refused_in_the_worker_is_counted(server):
    """As what the front end refuses."""
    write(server, 'metrics.add_counter("Falls", 2)\nmetrics.add_counter("Falls", -1)')
    assert [line.rpartition(" ")[2] for line in shown(server, "Falls")] == ["2.0"]
    assert server.metrics("servescope_series_dropped_total", family="Falls", reason="value", model_name="a") == 1.0


def test_buckets_for_a_handlers_histogram(server):
    """From the settings, which knew its name before it was there."""
    write(server, 'metrics.add_metric("MySize", 5, "kB", metric_type=MetricTypes.HISTOGRAM)')
    bounds = [line.partition('le="')[2].partition('"')[0] for line in shown(server, "MySize_bucket")]
    assert bounds == ["1.0", "10.0", "100.0", "+Inf"]


def test_series_end_with_their_model(server):
    """Gauges at once, with the load times of its workers; counters stay."""
    pack(server.store / "c.mar", "c", METERED)
    assert server.register("c.mar").status_code == 200
    write(
        server, 'metrics.add_time("Depth", 1)\nmetrics.add_counter("Asked", 1)\nmetrics.add_time("HandlerTime", 3)', "c"
    )
    gauges = [("Depth", "ModelName"), ("HandlerTime", "ModelName"), ("PredictionTime", "ModelName")]
    assert all(server.metrics(name, **{label: "c"}) is not None for name, label in gauges)
    assert any("-c_1.0" in line for line in shown(server, "WorkerLoadTime"))
    assert server.manage("DELETE", "/models/c").status_code == 200
    assert [name for name, label in gauges if server.metrics(name, **{label: "c"}) is not None] == []
    assert not any("-c_1.0" in line for line in shown(server, "WorkerLoadTime"))
    assert server.metrics("Asked", ModelName="c") == 1.0
    assert server.metrics("ts_inference_requests_total", model_name="c") == 1.0


def test_load_times_go_with_scaling(server):
    """Twelve times up and down leave one."""
    for _ in range(3):
        for workers in (2, 1):
            answer = server.manage("PUT", "/models/b", min_worker=workers, max_worker=workers, synchronous="true")
            assert answer.status_code == 200
    assert len([line for line in shown(server, "WorkerLoadTime") if "-b_1.0" in line]) == 1
