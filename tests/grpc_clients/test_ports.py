"""gRPC's ports: tokens, two servers on one port, health, and a server that stops."""

import json
import re
import signal
from pathlib import Path

import pytest

from grpc_clients.calls import PATIENCE_S, refused
from grpc_clients.conftest import Client, Launch, two_ports
from grpc_clients.needed import needed
from integration.server import PATIENCE_S as START_S
from integration.server import Server, free_ports, grpc_settings, wait_until

grpc = needed("grpc")

pytestmark = pytest.mark.integration


def test_tokens(launch: Launch):
    """The key of each API, in the metadata key `authorization`; Ping and health need none."""
    server, client = launch(disable_token_authorization="false")
    keys = json.loads((server.directory / "key_file.json").read_text())
    asked = client.asks("echo", a=b"1")
    listing = client.manages("ListModelsRequest")
    wrong = [(), (("authorization", "Bearer wrong"),), (("authorization", keys["inference"]["key"]),)]
    for metadata in (*wrong, (("authorization", f"Bearer {keys['management']['key']}"),)):
        status, said = refused(client.inference.Predictions, asked, metadata=metadata)
        assert status is grpc.StatusCode.PERMISSION_DENIED
        assert said.startswith("Token Authorization failed. Token either incorrect, expired, or not provided correctly")
    for metadata in (*wrong, (("authorization", f"Bearer {keys['inference']['key']}"),)):
        assert refused(client.management.ListModels, listing, metadata=metadata)[0] is grpc.StatusCode.PERMISSION_DENIED
    right = {name: (("authorization", f"Bearer {keys[name]['key']}"),) for name in ("inference", "management")}
    answer = client.inference.Predictions(asked, metadata=right["inference"], timeout=PATIENCE_S)
    assert answer.prediction == b'{"a": "1"}'
    assert "echo" in client.management.ListModels(listing, metadata=right["management"], timeout=PATIENCE_S).msg
    client.inference.Ping(needed("google.protobuf.empty_pb2").Empty(), timeout=PATIENCE_S)
    health = needed("grpc_health.v1.health_pb2_grpc").HealthStub(client.channels[0])
    request = needed("grpc_health.v1.health_pb2").HealthCheckRequest()
    wait_until(lambda: health.Check(request, timeout=PATIENCE_S).status == 1, "SERVING")


def test_models_cannot_be_registered_where_that_is_off(launch: Launch):
    """PERMISSION_DENIED, in TorchServe's words; what only reads or scales goes on."""
    _, client = launch(enable_model_api="false")
    for method, request in (
        ("RegisterModel", client.manages("RegisterModelRequest", url="echo.mar")),
        ("UnregisterModel", client.manages("UnregisterModelRequest", model_name="echo")),
    ):
        status, said = refused(getattr(client.management, method), request)
        assert status is grpc.StatusCode.PERMISSION_DENIED
        assert said.startswith("Model API disabled\n")
    assert "echo" in client.management.ListModels(client.manages("ListModelsRequest"), timeout=PATIENCE_S).msg


@pytest.mark.parametrize("api", ["inference", "management"])
def test_a_second_server_cannot_have_a_port(tmp_path: Path, server: Server, grpc_ports: tuple[int, int], api: str):
    """Its start ends, with the key and the port, instead of taking half of the first one's calls."""
    taken, own = grpc_ports[api == "management"], free_ports(1)[0]
    ports = (taken, own) if api == "inference" else (own, taken)
    with pytest.raises(AssertionError, match=rf"grpc_{api}_port={taken}: cannot listen"):
        Server(tmp_path, grpc_settings(ports))


def test_a_port_that_http_has(tmp_path: Path, server: Server):
    """It is taken as well."""
    taken = server.ports["inference"]
    with pytest.raises(AssertionError, match=rf"grpc_inference_port={taken}: cannot listen"):
        Server(tmp_path, grpc_settings((taken, free_ports(1)[0])))


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0"])
def test_a_second_server_cannot_have_part_of_what_a_host_stands_for(
    tmp_path: Path, server: Server, grpc_ports: tuple[int, int], host: str
):
    """A name and a wildcard stand for several addresses, of which the first server has one. Who has it is named."""
    settings = grpc_settings((grpc_ports[0], free_ports(1)[0])) | {"grpc_inference_address": host}
    with pytest.raises(
        AssertionError, match=rf"cannot listen on .*: the port is taken, by process {server.process.pid} "
    ):
        Server(tmp_path, settings)


@pytest.mark.parametrize(
    ("host", "words"),
    [("10.99.0.1", "is no address of this machine"), ("nobody.invalid", "nobody.invalid has no address")],
)
def test_a_host_that_is_elsewhere_ends_the_start(tmp_path: Path, host: str, words: str):
    """It is the host that is named, and no port that is taken."""
    with pytest.raises(AssertionError, match=words):
        Server(tmp_path, grpc_settings(two_ports()) | {"grpc_inference_address": host})


def test_a_name_is_listened_on(launch: Launch):
    """Clients that say it, or its address, are served."""
    _, client = launch(grpc_inference_address="localhost")
    assert client.inference.Predictions(client.asks("echo", a=b"1"), timeout=PATIENCE_S).prediction == b'{"a": "1"}'


@pytest.mark.parametrize("host", ["unix:/tmp/grpc.sock", "http://127.0.0.1", "127.0.0.1:7070", "no such host"])
def test_what_is_no_host_ends_the_start(tmp_path: Path, host: str):
    """With the key and the value: gRPC listens on TCP alone, as TorchServe's does."""
    with pytest.raises(AssertionError, match=rf"grpc_inference_address='{re.escape(host)}' is no host"):
        Server(tmp_path, grpc_settings(two_ports()) | {"grpc_inference_address": host})


def test_the_age_of_a_connection(launch: Launch):
    """Calls go on after it, on another one; a call that is under way has the grace to finish in."""
    ages = {"grpc_inference_max_connection_age_ms": "300", "grpc_inference_max_connection_age_grace_ms": "60000"}
    server, client = launch(**ages)
    seen = set()
    call = client.inference.Predictions.future(client.asks("slow"), timeout=2 * PATIENCE_S)
    wait_until((server.notes / "began").exists, "the handler")

    def another() -> bool:
        client.inference.Predictions(client.asks("echo"), timeout=PATIENCE_S)
        seen.update(re.findall(r"/(\S+) \"gRPC", (server.directory / "logs" / "access_log.log").read_text()))
        return len(seen) > 2

    wait_until(another, "a third connection")
    (server.notes / "go").touch()
    assert call.result().prediction == b"late"


def test_a_call_beyond_the_grace_is_cut_off(launch: Launch):
    """UNAVAILABLE to its client, and 499 in the metrics."""
    ages = {"grpc_inference_max_connection_age_ms": "300", "grpc_inference_max_connection_age_grace_ms": "300"}
    server, client = launch(**ages)
    call = client.inference.Predictions.future(client.asks("slow"), timeout=2 * PATIENCE_S)
    assert call.code() is grpc.StatusCode.UNAVAILABLE

    def counted() -> float | None:
        return server.metrics("servescope_requests_total", model_name="slow", transport="grpc", code="499")

    wait_until(counted, "the call's end")
    assert counted() == 1
    (server.notes / "go").touch()


def test_a_server_that_stops_finishes_what_is_in_flight(launch: Launch):
    """New calls are refused so that clients may try another server; the one in hand is answered."""
    server, client = launch()
    in_hand = client.inference.Predictions.future(client.asks("slow"), timeout=2 * PATIENCE_S)
    wait_until((server.notes / "began").exists, "the handler")
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: server.ping() != 200, "the end's beginning")
    status, said = refused(client.inference.Predictions, client.asks("echo"))
    assert status is grpc.StatusCode.UNAVAILABLE
    assert "The server is stopping" in said
    (server.notes / "go").touch()
    assert in_hand.result().prediction == b"late"
    assert server.process.wait(START_S) == 0


def test_lines_of_the_access_log(client: Client, server: Server):
    """As TorchServe writes them, with the code that HTTP would have answered."""
    refused(client.inference.Predictions, client.asks("nobody"))
    line = '"gRPC org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions HTTP/2.0" 404 '
    log = server.directory / "logs" / "access_log.log"
    wait_until(lambda: line in log.read_text(), "the line")
