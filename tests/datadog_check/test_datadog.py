"""docs/datadog.md, as it stands, by the code that Datadog's Agent runs: metrics, and the token out of the key file."""

import re
from pathlib import Path

import pytest

from datadog_check.needed import needed
from integration.net_server import NOOP, predict, serving

yaml = needed("yaml")
checks = needed("datadog_checks.base")
stubs = needed("datadog_checks.base.stubs")

pytestmark = pytest.mark.integration

PAGE = Path(__file__).parents[2] / "docs" / "datadog.md"


def instances(name, server, **more):
    """The instances of one of the page's files, with a server's own ports in place of the usual ones."""
    text = PAGE.read_text("utf-8").partition(f"`conf.d/{name}.d/conf.yaml`")[2]
    block = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1]
    for api, usual in (("inference", 8080), ("management", 8081), ("metrics", 8082)):
        block = block.replace(f"localhost:{usual}", f"127.0.0.1:{server.ports[api]}")
    for old, new in more.items():
        block = block.replace(old, new)
    return yaml.safe_load(block)["instances"]


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server with tokens, whose model was asked three times."""
    settings = {"disable_token_authorization": "false"}
    with serving(tmp_path_factory.mktemp("datadog"), settings, {"noop": NOOP}) as server:
        key = re.search(r'"inference":\s*\{\s*"key":\s*"([^"]+)"', (server.directory / "key_file.json").read_text())[1]
        for _ in range(3):
            assert predict(server, "/predictions/noop", authorization=f"Bearer {key}").status_code == 200
        yield server


@pytest.fixture
def aggregator():
    """What checks hand to the Agent."""
    stub = stubs.aggregator
    stub.reset()
    return stub


def test_metrics(net, aggregator):
    """Counters, gauges and histograms arrive under the names that the page gives, with their labels as tags."""
    (instance,) = instances("openmetrics", net)
    check = checks.OpenMetricsBaseCheckV2("openmetrics", {}, [instance])
    assert check.run() == ""
    tags = ["model_name:noop", "model_version:1.0"]
    (requests,) = [
        metric for metric in aggregator.metrics("servescope.requests.count") if {*tags, "code:200"} <= set(metric.tags)
    ]
    assert requests.value == 3
    assert any(metric.value >= 3 for metric in aggregator.metrics("servescope.Requests2XX.count"))
    assert any(set(tags) <= set(metric.tags) for metric in aggregator.metrics("servescope.queue_depth"))
    buckets = aggregator.histogram_bucket("servescope.request_duration_seconds")
    assert sum(bucket.value for bucket in buckets if set(tags) <= set(bucket.tags)) == 3
    assert not [name for name in aggregator.metric_names if "servescope.servescope_" in name]
    (health,) = aggregator.service_checks("servescope.openmetrics.health")
    assert health.status == checks.AgentCheck.OK


def test_fewer_metrics(net, aggregator):
    """By the names that the page advises."""
    page = PAGE.read_text("utf-8")
    names = re.findall(r"`- (\w+)`", page)
    assert len(names) == 3
    (instance,) = instances("openmetrics", net)
    check = checks.OpenMetricsBaseCheckV2("openmetrics", {}, [instance | {"metrics": names}])
    assert check.run() == ""
    found = {name.removeprefix("servescope.").removesuffix(".count") for name in aggregator.metric_names}
    assert {"requests", "queue_depth"} <= found
    assert aggregator.histogram_bucket("servescope.request_duration_seconds")


def test_tokens(net):
    """The management key is read out of the key file, also a new one; without it the answer is 400."""
    key_file = net.directory / "key_file.json"
    *_, management = instances("torchserve", net, **{"/srv/models/key_file.json": str(key_file)})
    url = management["management_api_url"]
    check = checks.AgentCheck("torchserve", {}, [management])
    assert check.http.get(f"{url}/models").json()["models"][0]["modelName"] == "noop"
    bare = checks.AgentCheck(
        "torchserve", {}, [{key: value for key, value in management.items() if key != "auth_token"}]
    )
    assert bare.http.get(f"{url}/models").status_code == 400
    api = re.search(r'"API":\s*\{\s*"key":\s*"([^"]+)"', key_file.read_text())[1]
    renewed = net.http.get(f"{url}/token?type=management", headers={"Authorization": f"Bearer {api}"})
    assert renewed.status_code == 200
    assert check.http.get(f"{url}/models").status_code == 200
