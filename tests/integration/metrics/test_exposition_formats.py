"""The three formats of one live server: each is parsed back, they say the same, and promtool finds no fault with our families."""

import subprocess

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from integration.net_server import NOOP, OBEY, obey, predict, serving
from integration.server import wait_until
from metrics.exposition.metrics_messages import kind_of, read_families
from programs import needs

pytestmark = pytest.mark.integration

TEXT = "text/plain"
OPENMETRICS = "application/openmetrics-text"
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
MODELS = ("servescope_request", "ts_", "Kettles", "spoons")
HANDLER = """
from ts.metrics.metric_type_enum import MetricTypes
context.metrics.add_counter('Kettles', 1)
context.metrics.add_counter('spoons_total', 1)
context.metrics.add_metric('spoons', 1, '"x"', metric_type=MetricTypes.GAUGE)
['x']"""


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A server at rest that has answered with each kind of status, and whose handler has metrics of its own."""
    settings = {"disable_system_metrics": "false"}
    with serving(tmp_path_factory.mktemp("formats") / "server", settings, {"noop": NOOP, "obey": OBEY}) as server:
        for _ in range(3):
            predict(server, "/predictions/noop", b"x")
        obey(server, "undefined")
        obey(server, "context.set_response_status(code=418, idx=0)\n['x']")
        obey(server, HANDLER.strip())
        predict(server, "/predictions/nobody")
        wait_until(lambda: server.metrics("MemoryUsed") and server.metrics("Kettles"), "all of its metrics")
        yield server


def page(server, accept, **headers):
    answer = server.http.get(server.url("metrics", "/metrics"), headers={"accept": accept, **headers})
    assert answer.status_code == 200
    return answer


def of_models(families, text):
    """Values by name and labels, bounds as numbers, of what does not change by the scrapes themselves."""
    values = {}
    for family in families:
        for sample in family.samples:
            # The parser of text 0.0.4 calls every counter `_total`.
            name = sample.name if f"\n{sample.name}{{" in text else sample.name.removesuffix("_total")
            if name.startswith(MODELS):
                labels = {key: float(value) if key == "le" else value for key, value in sample.labels.items()}
                values[name, frozenset(labels.items())] = sample.value
    return values


def test_they_say_the_same(used):
    """Sample for sample: the text formats, and protobuf's counters and histograms."""
    text, strict_text = page(used, TEXT).text, page(used, OPENMETRICS).text
    plain, strict = of_models(parse_text(text), text), of_models(parse_openmetrics(strict_text), strict_text)
    assert "spoons_total" in {name for name, _ in plain}
    assert plain == strict
    for family in read_families(page(used, PROTOBUF).content):
        if not family.name.startswith(MODELS):
            continue
        for metric in family.metric:
            labels = frozenset((pair.name, pair.value) for pair in metric.label)
            if kind_of(family) == "histogram":
                assert metric.histogram.sample_count == plain[f"{family.name}_count", labels]
                assert metric.histogram.sample_sum == plain[f"{family.name}_sum", labels]
                assert metric.histogram.schema == 5
            else:
                assert getattr(metric, kind_of(family)).value == plain[family.name, labels]


def test_exemplars_name_the_request(used):
    """A request's own id is found in the bucket of its duration."""
    predict(used, "/predictions/noop", b"x", x_request_id="who-was-slow")
    (family,) = [
        f for f in parse_openmetrics(page(used, OPENMETRICS).text) if f.name == "servescope_request_duration_seconds"
    ]
    ids = {
        s.exemplar.labels.get("request_id") for s in family.samples if s.exemplar and s.labels["model_name"] == "noop"
    }
    assert "who-was-slow" in ids


def test_formats_are_told_apart(used):
    """By the content type, and caches are told so."""
    types = {
        accept: page(used, accept).headers["content-type"].partition(";")[0]
        for accept in (TEXT, OPENMETRICS, PROTOBUF, "*/*")
    }
    assert types == {
        TEXT: "text/plain",
        OPENMETRICS: "application/openmetrics-text",
        PROTOBUF: "application/vnd.google.protobuf",
        "*/*": "text/plain",
    }
    assert page(used, TEXT).headers["vary"] == "accept, accept-encoding"


def test_gzip(used):
    """For those who ask for it."""
    packed = page(used, TEXT, **{"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.num_bytes_downloaded < len(packed.content) / 4
    assert "content-encoding" not in page(used, TEXT, **{"accept-encoding": "identity"}).headers


@needs("promtool", "prometheus")
def test_promtool(used):
    """No complaint about a family of this project's own; TorchServe's names are TorchServe's."""
    result = subprocess.run(
        ["promtool", "check", "metrics"], input=page(used, TEXT).content, capture_output=True, check=False
    )
    complaints = result.stderr.decode().splitlines()
    assert any(line.startswith("Requests2XX ") for line in complaints), complaints  # it has read the page
    assert [line for line in complaints if line.startswith("servescope_") or "error" in line.lower()] == []
