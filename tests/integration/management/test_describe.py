"""What a server says of its models: descriptions, the handler's own, the list, and the metrics that handlers write."""

import psutil
import pytest

from integration.deployed import GATED
from integration.server import Server, pack

pytestmark = pytest.mark.integration

TALKATIVE = """
def handle(data, context):
    if data is None:
        return None
    if context.get_request_header(0, "describe") == "True":
        return [{answer}]
    return [str(len(data))] * len(data)
"""


def customized(model):
    """GET /models/{m}?customized=true."""
    return model.server.manage("GET", f"/models/{model.name}", customized="true")


def test_the_fields_and_their_order(deploy):
    """TorchServe's, nothing else; the worker is a process that is there."""
    described = deploy().describe()
    assert list(described) == [
        "modelName",
        "modelVersion",
        "modelUrl",
        "runtime",
        "minWorkers",
        "maxWorkers",
        "batchSize",
        "maxBatchDelay",
        "responseTimeout",
        "startupTimeout",
        "maxRetryTimeoutInSec",
        "clientTimeoutInMills",
        "parallelType",
        "parallelLevel",
        "deviceType",
        "continuousBatching",
        "useJobTicket",
        "useVenv",
        "stateful",
        "sequenceMaxIdleMSec",
        "sequenceTimeoutMSec",
        "maxNumSequence",
        "maxSequenceJobQueueSize",
        "loadedAtStartup",
        "workers",
        "jobQueueStatus",
    ]
    (worker,) = described["workers"]
    assert list(worker) == ["id", "startTime", "status", "memoryUsage", "pid", "gpu", "gpuUsage"]
    assert (worker["status"], worker["gpu"], worker["gpuUsage"]) == ("READY", False, "N/A")
    assert psutil.pid_exists(worker["pid"])
    assert worker["memoryUsage"] > 1_000_000


def test_a_handler_describes_itself(deploy):
    """customized=true asks it with the header `describe`, alone even where batches are made."""
    model = deploy(TALKATIVE.replace("{answer}", "{'labels': ['a', 'b'], 'rows': len(data)}"), batch_size=4)
    assert customized(model).json()[0]["customizedMetadata"] == {"labels": ["a", "b"], "rows": 1}
    assert "customizedMetadata" not in model.describe()
    assert model.server.metrics("ts_inference_requests_total", model_name=model.name) is None


@pytest.mark.parametrize("answer", ["'no json'", "[1, 2]", "1 / 0", "object()"])
def test_a_handler_that_describes_nothing(deploy, answer):
    """What is no JSON object counts as an empty one."""
    model = deploy(TALKATIVE.replace("{answer}", answer))
    assert customized(model).json()[0]["customizedMetadata"] == {}
    assert model.predict("x").text == "1"


def test_nobody_to_describe_it(deploy):
    """Without a worker: 503."""
    answer = customized(deploy(initial_workers=0))
    assert answer.status_code == 503
    assert "has no worker to serve describe request." in answer.json()["message"]


def test_unknown_models(server):
    """404 with the contract's texts."""
    for path, message in [("/models/no", "Model not found: no"), ("/v1/models/no", "Model not found: no")]:
        answer = server.manage("GET", path)
        assert (answer.status_code, answer.json()["message"]) == (404, message)


def test_the_list_in_pages(launch):
    """Sorted by name, `limit` at a time; a token as long as the page ends at or before the end."""
    server: Server = launch()
    for name in ("delta", "alpha", "echo", "bravo", "charlie"):
        server.register(pack(server.store / f"{name}.mar", name, GATED), initial_workers=0)

    def page(**query):
        answer = server.manage("GET", "/models", **query).json()
        return "".join(model["modelName"][0] for model in answer["models"]), answer.get("nextPageToken")

    assert page() == ("abcde", None)
    assert page(limit=2) == ("ab", "2")
    assert page(limit=2, next_page_token=2) == ("cd", "4")
    assert page(limit=2, next_page_token=4) == ("e", None)
    assert page(limit=5) == ("abcde", "5")
    assert page(limit=5, next_page_token=5) == ("", None)
    assert page(limit=1000) == ("abcde", None)
    assert page(limit=-1) == ("abcde", None)
    assert page(next_page_token=1000) == ("", None)
    assert server.manage("GET", "/models").json()["models"][0] == {"modelName": "alpha", "modelUrl": "alpha.mar"}
    answer = server.manage("GET", "/models", limit="many")
    assert (answer.status_code, "'many'" in answer.json()["message"]) == (400, True)


METERED = """
from ts.metrics.dimension import Dimension
from ts.metrics.metric_type_enum import MetricTypes

class Metered:
    def initialize(self, context):
        context.metrics.add_counter("LoadedOnce", 1)
        names = ["Place", "ModelName"]
        self.cached = context.metrics.add_metric_to_cache("CachedGauge", "count", names, MetricTypes.GAUGE)

    def handle(self, data, context):
        metrics = context.metrics
        metrics.add_counter("Things", len(data), None, [Dimension("Kind", "odd")])
        metrics.add_time("Took", 12.5, None, "ms")
        metrics.add_size("Weight", 2.0, None, "MB")
        metrics.add_percent("Share", 50, None)
        metrics.add_error("Slip", 3)
        metrics.add_metric("Distance", 10, "km", None, [], MetricTypes.HISTOGRAM)
        self.cached.add_or_update(7, ["here", context.model_name])
        metrics.get_metric("Things")
        return ["metered"] * len(data)
"""


def test_metrics_of_each_kind(deploy, server):
    """Counter, times, sizes, percents, errors, histograms and a cached gauge, from the first call on."""
    model = deploy(METERED)
    assert server.metrics("LoadedOnce", ModelName=model.name) == 1
    for _ in range(3):
        assert model.predict("x").text == "metered"
    own = {"ModelName": model.name, "Level": "Model"}
    assert server.metrics("Things", Kind="odd", **own) == 3
    assert server.metrics("Took", **own) == 12.5
    assert server.metrics("Weight", **own) == 2
    assert server.metrics("Share", **own) == 50
    assert server.metrics("Slip", Level="Error") == 3 * 3
    assert server.metrics("Distance_count", **own) == 3
    assert server.metrics("Distance_sum", **own) == 30
    assert server.metrics("CachedGauge", Place="here", ModelName=model.name) == 7
    assert server.metrics("PredictionTime", **own) >= 0
