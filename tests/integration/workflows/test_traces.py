"""Spans of a workflow's request, as a collector gets them: one an attempt of each node, with its stages below it."""

import pytest

from integration.server import Server
from integration.workflows.flow import Flow, spec_of
from tracing.collector import collecting

pytestmark = pytest.mark.integration

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture(scope="module")
def collector():
    with collecting() as running:
        yield running


@pytest.fixture(scope="module")
def traced(collector, tmp_path_factory):
    """A server that sends its spans there, at once."""
    settings = {"tracing_endpoint": f"{collector.base}/v1/traces"}
    server = Server(tmp_path_factory.mktemp("traced"), settings, {"OTEL_BSP_SCHEDULE_DELAY": "20"})
    yield server
    server.end()


def register(server, dag, **models):
    made = Flow(server)
    assert made.register(spec_of(dag, **models)).status_code == 200
    return made


def test_a_request_is_a_trace(collector, traced):
    """The client's span leads to the server's, that to a span a node, and each of these to its stages, which lie within it."""
    made = register(traced, {"same": ["left", "headers"], "left": ["join"], "headers": ["join"]})
    answer = made.ask("x", X_Request_Id="flow", traceparent=f"00-{TRACE}-{SPAN}-01")
    server, nodes = collector.trace_of("flow")
    assert (server.trace, server.parent, server.name) == (TRACE, SPAN, "POST /wfpredict/{workflow_name}")
    assert server.attributes["servescope.workflow.name"] == made.name
    assert [node.name for node in sorted(nodes, key=lambda node: node.start)][::3] == ["same", "join"]
    assert {node.name for node in nodes} == {"same", "left", "headers", "join"}
    for node in nodes:
        assert (node.kind, node.trace, node.status) == ("internal", TRACE, "unset")
        assert node.attributes["servescope.model.name"] == f"{made.name}__{node.name}"
        assert server.start <= node.start <= node.end <= server.end
        stages = [span for span in collector.spans if span.parent == node.id]
        assert {"queue", "handler"} <= {stage.name for stage in stages}
        assert all(node.start <= stage.start <= stage.end <= node.end for stage in stages)
    (told,) = (node for node in nodes if node.name == "headers")
    assert f"00-{TRACE}-{told.id}-01" in answer.text  # the node was told its own span


def test_attempts(collector, traced):
    """Each of a node's is a span, with what became of it; the exception is that of the handler's."""
    made = register(traced, {"fails": []}, retry_attempts=1)
    assert made.ask("x", X_Request_Id="twice").status_code == 500
    server, attempts = collector.trace_of("twice")
    assert (server.status, server.attributes["http.response.status_code"]) == ("error", 500)
    said = [
        (one.attributes["servescope.workflow.attempt"], one.attributes["servescope.workflow.outcome"])
        for one in attempts
    ]
    assert (said, [one.status for one in attempts]) == ([(1, "failed"), (2, "failed")], ["error", "error"])
    for one in attempts:
        (event,) = [told for span in collector.spans if span.parent == one.id for told in span.told]
        assert (event["exception.type"], event["exception.message"]) == ("ValueError", "as asked")
