"""Spans of calls, as a collector gets them: those of REST, named by gRPC's conventions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grpc_clients.calls import PATIENCE_S, refused
from grpc_clients.conftest import Client
from grpc_clients.needed import needed
from integration.server import Server, free_ports, grpc_settings, pack
from tracing.collector import Collector, collecting

grpc = needed("grpc")

pytestmark = pytest.mark.integration

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
METHOD = "org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions"
# Answers the traceparent that it sees, or fails, or refuses.
TELLS = """
from ts.utils.util import PredictionException

def handle(data, context):
    if data is None:
        return None
    word = data[0].get("word", b"").decode()
    if word == "fail":
        raise ValueError("as asked")
    if word:
        raise PredictionException("not like this", int(word))
    return [str(context.get_request_header(0, "traceparent"))]
"""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as running:
        yield running


@pytest.fixture(scope="module")
def traced(collector: Collector, compiled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a server that sends its spans there, at once, and trusts the proxy that stands on this machine."""
    directory: Path = tmp_path_factory.mktemp("traced")
    (directory / "store").mkdir()
    pack(directory / "store" / "tells.mar", "tells", TELLS)
    inference, management = free_ports(2)
    settings = {
        "tracing_endpoint": f"{collector.base}/v1/traces",
        "trusted_proxies": "127.0.0.1",
        "load_models": "all",
        "default_workers_per_model": "1",
    }
    server = Server(directory, settings | grpc_settings((inference, management)), {"OTEL_BSP_SCHEDULE_DELAY": "20"})
    yield Client(*compiled, (inference, management))
    server.end()


def test_a_call_joins_its_clients_trace(collector: Collector, traced: Client):
    """The server's span is the child of the client's, its stages lie below it, and the handler sees it."""
    metadata = (
        ("traceparent", f"00-{TRACE}-{SPAN}-01"),
        ("x-request-id", "mine"),
        ("x-forwarded-for", "192.0.2.7"),
    )
    answer = traced.inference.Predictions(traced.asks("tells"), metadata=metadata, timeout=PATIENCE_S)
    whole, stages = collector.trace_of("mine")
    assert (whole.name, whole.kind, whole.trace, whole.parent, whole.status) == (METHOD, "server", TRACE, SPAN, "unset")
    assert answer.prediction.decode() == f"00-{TRACE}-{whole.id}-01"
    said = whole.attributes
    service, _, method = METHOD.rpartition("/")
    assert (said["rpc.system"], said["rpc.service"], said["rpc.method"]) == ("grpc", service, method)
    assert (said["rpc.grpc.status_code"], said["servescope.model.name"]) == (0, "tells")
    assert (said["servescope.request_id"], said["client.address"]) == ("mine", "192.0.2.7")
    assert not [name for name in said if name.startswith(("http.", "url."))]
    assert "handler" in [span.name for span in stages]
    assert whole.start == min(span.start for span in stages)


@pytest.mark.parametrize(
    ("word", "status", "number"), [("fail", "error", 14), ("429", "unset", 8), ("500", "error", 13)]
)
def test_calls_that_fail(collector: Collector, traced: Client, word: str, status: str, number: int):
    """With gRPC's status; 5xx of HTTP's codes is an error, as over HTTP."""
    metadata = (("x-request-id", word),)
    refused(traced.inference.Predictions, traced.asks("tells", word=word.encode()), metadata=metadata)
    whole, _ = collector.trace_of(word)
    assert (whole.status, whole.attributes["rpc.grpc.status_code"]) == (status, number)
