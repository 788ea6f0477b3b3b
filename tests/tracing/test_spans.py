"""A finished request's spans."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import Raised
from servescope.tracing.finished import FinishedAttempt
from servescope.tracing.spans import WORKER_STAGES, SpanEvent, attempt_span, server_span, stage_spans
from tracing.finished import finished

NS = 10**9


def test_the_server_span_says_what_was_asked_and_answered():
    """Name and attributes follow the conventions; times are moved by the offset."""
    span = server_span(finished(), 5 * NS)
    assert span == (
        "POST /predictions/{model_name}",
        1005 * NS,
        1007 * NS,
        {
            "http.request.method": "POST",
            "url.scheme": "http",
            "url.path": "/predictions/m",
            "http.route": "/predictions/{model_name}",
            "servescope.model.name": "m",
            "servescope.model.version": "1.0",
            "servescope.request_id": "r1",
            "servescope.worker": "W-9000-m_1.0",
            "servescope.batch.size": 4,
            "http.response.status_code": 200,
        },
        False,
        None,
    )


@pytest.mark.parametrize(
    ("status", "error", "failed", "type_name"),
    [
        (404, "", False, None),
        (404, "ModelNotFoundException", False, None),
        (500, "", True, "500"),
        (503, "ServiceUnavailableException", True, "ServiceUnavailableException"),
        (999, "", True, "999"),
    ],
)
def test_only_the_servers_failures_are_errors(status, error, failed, type_name):
    """5xx and whatever lies above have the status ERROR and a type; 4xx are the client's."""
    span = server_span(finished(status=status, error=error), 0)
    assert span.failed is failed
    assert span.attributes.get("error.type") == type_name
    assert span.attributes["http.response.status_code"] == status


def test_a_client_that_hung_up_got_no_status():
    """It is no error of the server's, yet no success: an event and a type say so."""
    span = server_span(finished(status=499), 0)
    assert (span.failed, span.event) == (False, SpanEvent("client_disconnected", {}))
    assert span.attributes["error.type"] == "client_disconnected"
    assert "http.response.status_code" not in span.attributes


def test_a_request_that_no_worker_got_names_none():
    """A rejected request has neither worker nor batch."""
    attributes = server_span(finished(status=503, worker="", batch_size=0, stages={}), 0).attributes
    assert not {"servescope.worker", "servescope.batch.size"} & set(attributes)


def test_a_method_of_the_clients_making_is_in_no_name():
    """Names of spans stay few: what a client may choose stands in an attribute."""
    span = server_span(finished(method="PROPFIND"), 0)
    assert span.name == "HTTP /predictions/{model_name}"
    assert span.attributes["http.request.method"] == "_OTHER"
    assert span.attributes["http.request.method_original"] == "PROPFIND"


def test_stages_lie_end_to_end():
    """Each begins where the one before it ended, the last ends with the request, and one that took no time has no span."""
    spans = stage_spans(finished(), 5 * NS)
    assert [(span.name, span.start_ns - 1005 * NS, span.end_ns - 1005 * NS) for span in spans] == [
        ("queue", 0, 250_000_000),
        ("batch_wait", 250_000_000, 750_000_000),
        ("dispatch", 750_000_000, 875_000_000),
        ("inference", 875_000_000, 1_875_000_000),
        ("respond", 1_875_000_000, 2 * NS),
    ]


def test_stages_come_in_their_order():
    """However the mapping has them; what is no stage has no span."""
    spans = stage_spans(finished(stages={"respond": 0.5, "other": 0.25, "dispatch": 0.25, "queue": 1.0}), 0)
    assert [span.name for span in spans] == ["queue", "dispatch", "respond"]


def test_stages_in_the_worker_name_it():
    """The others were nobody's but the server's."""
    named = {span.name for span in stage_spans(finished(), 0) if "servescope.worker" in span.attributes}
    assert named == {"inference"}
    assert named < WORKER_STAGES


@given(
    stages=st.dictionaries(st.sampled_from(["queue", "dispatch", "inference", "handler", "respond"]), st.floats()),
    began=st.floats(0, 1e7),
    duration=st.floats(-1, 1e5),
    offset=st.integers(0, 2 * 10**18),
)
def test_whatever_a_worker_says_spans_are_in_order_and_inside_the_request(stages, began, duration, offset):
    """Neither NaN, infinities nor negative times give a span that ends before it begins, or outlives its parent."""
    request = finished(stages=stages, began=began, ended=began + duration)
    parent = server_span(request, offset)
    assert parent.start_ns <= parent.end_ns
    at = parent.start_ns
    for span in stage_spans(request, offset):
        assert at <= span.start_ns <= span.end_ns <= parent.end_ns
        at = span.end_ns


@given(st.lists(st.floats(1e-6, 10), min_size=8, max_size=8))
def test_lengths_are_the_stages_lengths(seconds):
    """Microseconds are not lost to rounding."""
    names = ("queue", "batch_wait", "dispatch", "preprocess", "inference", "postprocess", "handler", "respond")
    stages = dict(zip(names, seconds, strict=True))
    spans = stage_spans(finished(stages=stages, ended=1000.0 + math.fsum(seconds)), 0)
    assert [span.name for span in spans] == list(names)
    for span in spans:
        assert abs(span.end_ns - span.start_ns - stages[span.name] * NS) < 1000


@given(st.text(st.characters(exclude_categories=())))
def test_texts_can_be_sent(text):
    """A lone surrogate in a path would be refused by protobuf."""
    attributes = server_span(finished(path=text, model=text, request_id=text), 0).attributes
    for key in ("url.path", "servescope.model.name", "servescope.request_id"):
        assert attributes[key].encode("utf-8") is not None


RAISED = Raised("mine.Broken", "as asked", "Traceback…")
EXCEPTION = SpanEvent(
    "exception",
    {"exception.type": "mine.Broken", "exception.message": "as asked", "exception.stacktrace": "Traceback…"},
)


@pytest.mark.parametrize(
    ("stages", "failing"),
    [
        ({"queue": 0.5, "handler": 1.0, "respond": 0.5}, "handler"),
        ({"queue": 0.5, "preprocess": 0.5, "inference": 0.5, "respond": 0.5}, "inference"),
    ],
)
def test_a_handler_that_raised(stages, failing):
    """Its span is an error with the exception's class and an event of it; the request's has the code alone."""
    request = finished(status=503, raised=RAISED, stages=stages)
    for span in stage_spans(request, 0):
        assert (span.failed, span.event) == ((True, EXCEPTION) if span.name == failing else (False, None))
        assert span.attributes.get("error.type") == ("mine.Broken" if span.name == failing else None)
    server = server_span(request, 0)
    assert (server.failed, server.attributes["error.type"], server.event) == (True, "503", None)


def test_a_handler_that_raised_in_no_time():
    """The exception is an event of the request's span."""
    assert server_span(finished(status=503, raised=RAISED, stages={}), 0).event == EXCEPTION


def test_a_refusal_of_the_handlers():
    """A PredictionException of a 4xx is the client's: no span is an error."""
    request = finished(status=404, raised=RAISED)
    assert not any(span.failed or span.event for span in stage_spans(request, 0))
    assert not server_span(request, 0).failed


@pytest.mark.parametrize(
    ("scheme", "host", "address", "port"),
    [
        ("http", "api.example:8080", "api.example", 8080),
        ("https", "api.example", "api.example", 443),
        ("http", "[::1]:80", "::1", 80),
        ("http", "10.0.0.1", "10.0.0.1", 80),
        ("http", "", None, None),
        ("http", "no host", None, None),
    ],
)
def test_whom_it_asked(scheme, host, address, port):
    """As the Host header has it; without a port the scheme's."""
    attributes = server_span(finished(scheme=scheme, host=host), 0).attributes
    assert (attributes.get("server.address"), attributes.get("server.port")) == (address, port)


def test_who_asked():
    """The client, the connection's other end, and what the client calls itself, as far as they are known."""
    known = server_span(finished(client=("203.0.113.7", 0), peer=("10.0.0.1", 5), user_agent="curl/8" + "x" * 5000), 0)
    assert known.attributes["client.address"] == "203.0.113.7"
    assert "client.port" not in known.attributes
    assert (known.attributes["network.peer.address"], known.attributes["network.peer.port"]) == ("10.0.0.1", 5)
    assert known.attributes["user_agent.original"] == ("curl/8" + "x" * 5000)[:1024]
    names = set(server_span(finished(), 0).attributes)
    assert not {"client.address", "network.peer.address", "user_agent.original"} & names


def attempt(**changes):
    """A node's second attempt, which its model answered."""
    fields = {
        "began": 1000.0,
        "ended": 1002.0,
        "status": 200,
        "model": "w__n",
        "version": "1.0",
        "request_id": "r1",
        "stages": {"queue": 0.5, "handler": 1.0, "respond": 0.5},
        "worker": "W-9000-w__n_1.0",
        "batch_size": 1,
        "workflow": "w",
        "node": "n",
        "attempt": 2,
        "outcome": "ok",
    }
    return FinishedAttempt(**(fields | changes))


def test_an_attempt_of_a_workflows_node():
    """Its span is called like the node, and says which model and which attempt it was; its stages lie within."""
    span = attempt_span(attempt(), 0)
    assert (span.name, span.start_ns, span.end_ns, span.failed) == ("n", 1000 * NS, 1002 * NS, False)
    assert span.attributes == {
        "servescope.workflow.name": "w",
        "servescope.workflow.node": "n",
        "servescope.workflow.attempt": 2,
        "servescope.workflow.outcome": "ok",
        "servescope.model.name": "w__n",
        "servescope.model.version": "1.0",
        "servescope.request_id": "r1",
        "servescope.worker": "W-9000-w__n_1.0",
        "servescope.batch.size": 1,
    }
    assert [stage.name for stage in stage_spans(attempt(), 0)] == ["queue", "handler", "respond"]


@pytest.mark.parametrize(("outcome", "failed"), [("failed", True), ("timeout", True), ("cancelled", False)])
def test_an_attempt_without_an_answer(outcome, failed):
    """It is an error, unless its request was over."""
    span = attempt_span(attempt(outcome=outcome, status=408, error="RequestTimeoutException"), 0)
    assert (span.failed, "error.type" in span.attributes) == (failed, failed)


def test_a_workflows_request():
    """It names the workflow and no model: these are its attempts'."""
    span = server_span(finished(workflow=True, model="w", version="", worker="", stages={}), 0)
    assert span.attributes["servescope.workflow.name"] == "w"
    assert not [name for name in span.attributes if name.startswith("servescope.model")]


@pytest.mark.parametrize(
    ("status", "number", "failed"), [(200, 0, False), (404, 5, False), (503, 14, True), (499, 0, False)]
)
def test_a_call_of_grpc(status: int, number: int, failed: bool):
    """It is named by its method, and has gRPC's status in place of HTTP's attributes; who left got none."""
    span = server_span(finished(rpc="a.Service/Method", rpc_status=number, status=status, user_agent="grpc"), 0)
    assert (span.name, span.failed) == ("a.Service/Method", failed)
    said = span.attributes
    assert (said["rpc.system"], said["rpc.service"], said["rpc.method"]) == ("grpc", "a.Service", "Method")
    assert said.get("rpc.grpc.status_code") == (None if status == 499 else number)
    assert not [name for name in said if name.startswith(("http.", "url."))]
    assert (said["servescope.model.name"], said["user_agent.original"]) == ("m", "grpc")
