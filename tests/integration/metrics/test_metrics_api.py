"""The metrics API on the wire: filters, methods, modes, and what each counter counts (contract, section C)."""

import httpx
import pytest

from integration.net_server import NOOP, OBEY, obey, predict, run_start, serving, site
from integration.server import pack, wait_until

pytestmark = pytest.mark.integration

HOST = {"Level": "Host"}
TEAPOT = """
from ts.metrics.metric_type_enum import MetricTypes
context.metrics.add_metric('Teapots', 3, 'ms', metric_type=MetricTypes.HISTOGRAM)
context.metrics.add_counter('Kettles', 1)
['x']"""


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server with two models, and one in its store."""
    with serving(tmp_path_factory.mktemp("metrics"), models={"noop": NOOP, "obey": OBEY}) as server:
        pack(server.store / "idle.mar", "idle", NOOP)
        assert server.manage("POST", "/models", url="idle.mar", initial_workers=0).status_code == 200
        yield server


def shown(server, query="", method="GET", path="/metrics"):
    return server.http.request(method, server.url("metrics", path + query))


def total(server, model, version="default"):
    """How many requests were counted for a model; 0 where there is no sample."""
    return server.metrics("ts_inference_requests_total", model_name=model, model_version=version) or 0


def test_format(net):
    """TorchServe's: help and type of every family, a comma after the last label, doubles."""
    predict(net, "/predictions/noop", b"x")
    answer = shown(net)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    assert any(line.startswith('Requests2XX{Level="Host",Hostname="') and '",} ' in line for line in lines)
    assert all(line.startswith("#") or "." in line.rpartition(" ")[2] or "E" in line or "NaN" in line for line in lines)
    assert "# TYPE GPUUtilization gauge" in lines
    types = [line for line in lines if line.startswith("# TYPE")]
    assert len(set(types)) == len(types)


def test_filters(net):
    """`name[]`, more than once, percent-encoded or not, on sample names; an unknown name leaves nothing."""
    predict(net, "/predictions/noop", b"x")
    for query in (
        "?name[]=Requests2XX&name[]=ts_inference_requests_total",
        "?name%5B%5D=Requests2XX&name[]=ts_inference_requests_total",
    ):
        names = {line.partition("{")[0] for line in shown(net, query).text.splitlines() if not line.startswith("#")}
        assert names == {"Requests2XX", "ts_inference_requests_total"}
    answer = shown(net, "?name[]=none")
    assert (answer.status_code, answer.text) == (200, "")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_any_method_and_deeper_paths(net, method):
    """As TorchServe's."""
    for path in ("/metrics", "/metrics/", "/metrics/x"):
        assert "Requests2XX" in shown(net, method=method, path=path).text


def test_other_paths(net):
    """404, and 405 for the root."""
    assert shown(net, path="/what").json()["type"] == "ResourceNotFoundException"
    assert shown(net, path="/").json()["type"] == "MethodNotAllowedException"


def test_statuses_are_counted_on_all_ports(net):
    """2XX with pings and scrapes; 4XX; everything else is 5XX, a redirect too."""

    def counts():
        return [net.metrics(f"Requests{kind}XX", **HOST) or 0 for kind in (2, 4, 5)]

    first = counts()  # three scrapes: the next one sees three more
    second = counts()
    assert [after - before for before, after in zip(first, second, strict=True)] == [3, 0, 0]
    net.ping()
    net.manage("GET", "/models")
    predict(net, "/what")
    obey(net, "context.set_response_status(code=302, idx=0)\n['x']")
    obey(net, "undefined")
    third = counts()
    assert [after - before for before, after in zip(second, third, strict=True)] == [5, 1, 2]


def test_requests_of_a_model(net):
    """Found models only, by the version that the client wrote; without a worker too; never a description."""
    before = [total(net, "noop"), total(net, "noop", "1.0"), total(net, "idle")]
    predict(net, "/predictions/noop", b"x")
    predict(net, "/models/noop/invoke", b"x")
    predict(net, "/predictions/noop/1.0", b"x")
    predict(net, "/predictions/noop", method="OPTIONS")
    assert predict(net, "/predictions/idle", b"x").status_code == 503
    assert predict(net, "/predictions/none", b"x").status_code == 404
    assert predict(net, "/predictions/noop/9", b"x").status_code == 404
    after = [total(net, "noop"), total(net, "noop", "1.0"), total(net, "idle")]
    assert [late - early for early, late in zip(before, after, strict=True)] == [2, 1, 1]
    assert (total(net, "none"), total(net, "noop", "9")) == (0, 0)


def test_latency_leaves_errors_out(net):
    """A handler's own status counts, an exception does not; queue time is a part of it."""
    labels = {"model_name": "obey", "model_version": "default"}

    def latency():
        return net.metrics("ts_inference_latency_microseconds", **labels) or 0

    obey(net, "time.sleep(0.02)\n['x']")
    first = latency()
    assert first >= 20_000
    assert (net.metrics("ts_queue_latency_microseconds", **labels) or 0) <= first
    obey(net, "undefined")
    assert latency() == first
    obey(net, "context.set_response_status(code=418, idx=0)\n['x']")
    assert latency() > first


def test_a_handlers_metric(net):
    """Registered on first use, though no yaml declares it."""
    obey(net, "context.metrics.add_counter('Teapots', 2)\n['x']")
    obey(net, "context.metrics.add_counter('Teapots', 3)\n['x']")
    wait_until(lambda: net.metrics("Teapots", ModelName="obey") == 5, "five teapots")
    assert net.metrics("PredictionTime", ModelName="obey") is not None


@pytest.mark.parametrize("mode", ["log", "off"])
def test_modes_without_an_exposition(tmp_path, mode):
    """200 and nothing on the wire, whatever is asked for."""
    with serving(tmp_path / "server", {"metrics_mode": mode}, {}) as server:
        assert server.ping() == 200
        for query in ("", "?name[]=Requests2XX"):
            assert (shown(server, query).status_code, shown(server, query).text) == (200, "")


def test_without_the_api(tmp_path):
    """enable_metrics_api=false: nobody listens there, and a shared port has no /metrics."""
    with serving(tmp_path / "server", {"enable_metrics_api": "false"}, {}) as server:
        with pytest.raises(httpx.ConnectError):
            shown(server)
        assert server.ping() == 200


def test_a_yaml_of_ones_own(tmp_path):
    """metrics_config: what it leaves out of the server's metrics is not shown; its model metrics get its type."""
    yaml = tmp_path / "metrics.yaml"
    yaml.write_text(
        "dimensions:\n  - &level Level\n  - &host Hostname\n  - &model ModelName\n"
        "ts_metrics:\n  counter:\n    - name: Requests2XX\n      unit: Count\n      dimensions: [*level, *host]\n"
        "model_metrics:\n  histogram:\n    - name: Teapots\n      unit: ms\n      dimensions: [*model, *level]\n"
    )
    settings = {"metrics_config": str(yaml), "model_metrics_auto_detect": "false"}
    with serving(tmp_path / "server", settings, {"obey": OBEY}) as server:
        obey(server, TEAPOT)
        wait_until(lambda: server.metrics("Teapots_count") == 1, "a teapot")
        assert server.metrics("Requests2XX", **HOST) is not None
        text = shown(server).text
        assert "ts_inference_requests_total" not in text
        assert "Kettles" not in text


def test_system_metrics(tmp_path):
    """On by default: the host is measured, soon after the start."""
    with serving(tmp_path / "server", {"disable_system_metrics": "false", "metric_time_interval": "1"}, {}) as server:
        wait_until(lambda: server.metrics("MemoryUsed", **HOST), "a sample")
        assert 0 <= (server.metrics("CPUUtilization", **HOST) or 0) <= 100
        assert (server.metrics("DiskAvailable", **HOST) or 0) > 0


def test_no_system_metrics(net):
    """disable_system_metrics=true leaves them without samples."""
    assert net.metrics("MemoryUsed") is None


def test_an_unknown_mode(tmp_path):
    """Ends the start with the key and the value."""
    result = run_start(site(tmp_path, "metrics_mode=promethius\n"))
    assert result.returncode == 1
    assert "metrics_mode='promethius'" in result.stderr
