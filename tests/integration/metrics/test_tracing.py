"""Spans of a running server, as a collector gets them."""

import json
import time

import pytest

from integration.conftest import deployment
from integration.server import Server, hang_up, pack, wait_until
from tracing.collector import collecting

pytestmark = pytest.mark.integration

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"

# Answers what it was asked: its headers, a nap, an error, a stream, or a crash.
HANDLER = """
import json, os, time

from ts.protocol.otf_message_handler import send_intermediate_predict_response

def handle(data, context):
    if data is None:
        return None
    word = data[0]["body"].decode()
    if word == "nap":
        time.sleep(0.05)
    if word == "fail":
        raise ValueError("as asked")
    if word == "crash":
        os._exit(1)
    if word == "stream":
        send_intermediate_predict_response(["a"], context.request_ids, "ok", 200, context)
        return ["b"]
    names = ("traceparent", "tracestate")
    return [json.dumps([context.get_request_header(i, name) for name in names]) for i in range(len(data))]
"""


@pytest.fixture(scope="module")
def collector():
    with collecting() as running:
        yield running


@pytest.fixture(scope="module")
def traced(collector, tmp_path_factory):
    """A server that sends its spans there, at once."""
    server = Server(
        tmp_path_factory.mktemp("traced"),
        {"tracing_endpoint": f"{collector.base}/v1/traces", "trusted_proxies": "127.0.0.1"},
        {"OTEL_BSP_SCHEDULE_DELAY": "20", "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test"},
    )
    yield server
    server.end()


@pytest.fixture(scope="module")
def model(traced):
    """One worker."""
    with deployment(traced) as register:
        yield register(HANDLER)


def names(spans):
    return [span.name for span in spans]


def test_a_prediction_is_a_trace(collector, model):
    """The server's span and one for each stage, which lie end to end and end with it."""
    before = time.time_ns()
    assert model.predict("nap", X_Request_Id="nap").status_code == 200
    server, stages = collector.trace_of("nap")
    after = time.time_ns()  # the answer may be read before its span has ended
    assert (server.name, server.kind, server.status, server.parent) == (
        "POST /predictions/{model_name}",
        "server",
        "unset",
        "",
    )
    assert (
        server.attributes.items()
        >= {
            "http.request.method": "POST",
            "http.route": "/predictions/{model_name}",
            "http.response.status_code": 200,
            "url.path": model.path,
            "url.scheme": "http",
            "servescope.model.name": model.name,
            "servescope.model.version": "1.0",
            "servescope.batch.size": 1,
        }.items()
    )
    assert server.attributes["servescope.worker"].startswith("W-")
    assert server.resource.items() >= {"service.name": "servescope", "deployment.environment.name": "test"}.items()
    assert before <= server.start <= server.end <= after
    assert names(stages)[0] == "queue"
    assert names(stages)[-1] == "respond"
    assert {"dispatch", "handler"} <= set(names(stages))
    ends = [server.start, *(stage.end for stage in stages)]
    assert [stage.start for stage in stages] == ends[:-1]
    assert abs(ends[-1] - server.end) < 1_000_000
    (handler,) = (stage for stage in stages if stage.name == "handler")
    assert handler.end - handler.start >= 50_000_000


def test_the_clients_trace_reaches_the_handler(collector, model):
    """It is told the server's span as its parent, and the client's state."""
    answer = model.predict("tell", X_Request_Id="told", traceparent=f"00-{TRACE}-{SPAN}-01", tracestate="vendor=x")
    parent, state = json.loads(answer.text)
    server, stages = collector.trace_of("told")
    assert (server.trace, server.parent, server.state) == (TRACE, SPAN, "vendor=x")
    assert parent == f"00-{TRACE}-{server.id}-01"
    assert state == "vendor=x"
    assert {stage.trace for stage in stages} == {TRACE}


def test_a_client_that_does_not_sample_gets_no_spans(collector, model):
    """Its handler is told so."""
    answer = model.predict("tell", X_Request_Id="unsampled", traceparent=f"00-{TRACE}-{SPAN}-00")
    assert json.loads(answer.text)[0].endswith("-00")
    model.predict("tell", X_Request_Id="later")
    collector.trace_of("later")
    assert "unsampled" not in {span.attributes.get("servescope.request_id") for span in collector.spans}


@pytest.mark.parametrize("parent", ["nonsense", f"00-{'0' * 32}-{SPAN}-01"])
def test_a_malformed_parent_begins_a_trace(collector, model, parent):
    """The handler never sees it."""
    request_id = f"malformed{len(parent)}"
    told = json.loads(model.predict("tell", X_Request_Id=request_id, traceparent=parent, tracestate="a=1").text)
    server, _ = collector.trace_of(request_id)
    assert server.parent == ""
    assert told == [f"00-{server.trace}-{server.id}-03", None]


def test_a_failed_request_is_an_error(collector, model):
    """With its code; the handler's span with what it raised."""
    status = model.predict("fail", X_Request_Id="failed").status_code
    assert status >= 500
    server, stages = collector.trace_of("failed")
    assert server.status == "error"
    assert server.attributes["http.response.status_code"] == status
    assert server.attributes["error.type"] == str(status)
    (failing,) = (stage for stage in stages if stage.status == "error")
    assert (failing.name, failing.attributes["error.type"], failing.events) == ("handler", "ValueError", ["exception"])
    (told,) = failing.told
    assert (told["exception.type"], told["exception.message"]) == ("ValueError", "as asked")
    assert told["exception.stacktrace"].endswith("ValueError: as asked\n")


def test_both_ends_are_named(collector, model):
    """Whom the client asked, who it is behind a proxy that is trusted, and what it calls itself; by the schema that is named."""
    headers = {
        "X-Request-Id": "ends",
        "User-Agent": "mine/1",
        "X-Forwarded-For": "203.0.113.7",
        "Host": "api.example:99",
    }
    model.server.http.post(model.server.url("inference", model.path), content=b"tell", headers=headers)
    server, _ = collector.trace_of("ends")
    assert (
        server.attributes.items()
        >= {
            "server.address": "api.example",
            "server.port": 99,
            "client.address": "203.0.113.7",
            "network.peer.address": "127.0.0.1",
            "user_agent.original": "mine/1",
        }.items()
    )
    assert server.schema == "https://opentelemetry.io/schemas/1.37.0"


def test_a_stream_is_one_trace(collector, model):
    """Until its last piece."""
    assert model.predict("stream", X_Request_Id="streamed").text == "ab"
    server, stages = collector.trace_of("streamed")
    assert server.attributes["http.response.status_code"] == 200
    assert "handler" in names(stages)


def test_a_crash_is_an_error(collector, traced, deploy_traced):
    """The worker is named that did not live to answer."""
    model = deploy_traced(HANDLER)
    assert model.predict("crash", X_Request_Id="crashed").status_code == 500
    server, _ = collector.trace_of("crashed")
    assert server.status == "error"
    assert server.attributes["servescope.worker"].endswith(f"{model.name}_1.0")


def test_a_client_that_hung_up_is_no_error(collector, traced, deploy_traced):
    """It is told apart from an answer."""
    model = deploy_traced()
    busy = model.hold()
    client = hang_up(traced.ports["inference"], model.path, b"gone")
    model.pending(1)
    client.close()
    model.pending(0)

    def left():
        spans = [span for span in collector.spans if span.attributes.get("url.path") == model.path]
        return [span for span in spans if "client_disconnected" in span.events]

    (server,) = wait_until(left, "the span of the client that hung up")
    model.open()
    assert busy.result().status_code == 200
    assert (server.status, server.attributes["error.type"]) == ("unset", "client_disconnected")
    assert "http.response.status_code" not in server.attributes


def test_each_request_of_a_batch_has_a_trace(collector, traced, deploy_traced):
    """And all say how large the batch was."""
    model = deploy_traced(HANDLER, batch_size=3, max_batch_delay=20_000)
    sent = [traced.threads.submit(model.predict, "tell", X_Request_Id=f"batch{number}") for number in range(3)]
    parents = [json.loads(answer.result().text)[0] for answer in sent]
    for number, parent in enumerate(parents):
        server, stages = collector.trace_of(f"batch{number}")
        assert parent == f"00-{server.trace}-{server.id}-03"
        assert server.attributes["servescope.batch.size"] == 3
        assert "handler" in names(stages)


def predict_once(directory, endpoint, environ):
    """A server that answers one request and ends; its status."""
    server = Server(directory, {"tracing_endpoint": f"{endpoint}/v1/traces"}, environ)
    try:
        assert server.register(pack(server.store / "once.mar", "once", HANDLER)).status_code == 200
        url = server.url("inference", "/predictions/once")
        assert server.http.post(url, content=b"tell", headers={"x-request-id": "last"}).status_code == 200
    finally:
        server.end()
    return server.process.returncode


def test_the_last_spans_are_sent_at_the_end(tmp_path):
    """A server that ends does not keep what it has not sent yet."""
    with collecting() as collector:
        assert predict_once(tmp_path, collector.base, {"OTEL_BSP_SCHEDULE_DELAY": "600000"}) == 0
        assert collector.trace_of("last")[1]


def test_a_collector_that_is_gone_is_no_harm(tmp_path):
    """Requests are answered, and the end is in good order."""
    with collecting() as collector:
        gone = collector.base
    assert predict_once(tmp_path, gone, {"OTEL_EXPORTER_OTLP_TIMEOUT": "1"}) == 0


@pytest.fixture
def deploy_traced(traced):
    """Register a model of a test's own."""
    with deployment(traced) as register:
        yield register
