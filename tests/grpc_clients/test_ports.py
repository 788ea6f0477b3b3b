"""gRPC's ports: tokens, TLS, two servers on one port, health, and a server that stops."""

import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from certificates import loopback_pair
from grpc_clients.calls import PATIENCE_S, refused
from grpc_clients.conftest import ECHO, SLOW, Client
from grpc_clients.needed import needed
from integration.server import PATIENCE_S as START_S
from integration.server import Server, free_ports, grpc_settings, pack, wait_until

grpc = needed("grpc")

pytestmark = pytest.mark.integration

Compiled = tuple[dict[str, ModuleType], dict[str, ModuleType]]
Launch = Callable[..., tuple[Server, Client]]


def two_ports() -> tuple[int, int]:
    inference, management = free_ports(2)
    return inference, management


@pytest.fixture
def launch(tmp_path: Path, compiled: Compiled) -> Iterator[Launch]:
    """A server of a test's own with the models echo and slow, and a client of it."""
    servers: list[Server] = []

    def start(**settings: str) -> tuple[Server, Client]:
        ports = two_ports()
        (tmp_path / "store").mkdir()
        pack(tmp_path / "store" / "echo.mar", "echo", ECHO)
        pack(tmp_path / "store" / "slow.mar", "slow", SLOW)
        models = {"load_models": "all", "default_workers_per_model": "1"}
        servers.append(Server(tmp_path, models | grpc_settings(ports) | settings))
        return servers[0], Client(*compiled, ports)

    yield start
    for server in servers:
        server.end()


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


def test_tls(tmp_path: Path, launch: Launch):
    """With enable_grpc_ssl a client that trusts the certificate is served, and one without TLS is not."""
    (tmp_path / "pem").mkdir()
    certificate, key = loopback_pair(tmp_path / "pem")
    _, client = launch(enable_grpc_ssl="true", certificate_file=str(certificate), private_key_file=str(key))
    port = client.ports[0]
    credentials = grpc.ssl_channel_credentials(certificate.read_bytes())
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
        predict = client.stubs["inference"].InferenceAPIsServiceStub(channel).Predictions
        assert predict(client.asks("echo", a=b"1"), timeout=PATIENCE_S).prediction == b'{"a": "1"}'
    assert refused(client.inference.Predictions, client.asks("echo"))[0] is grpc.StatusCode.UNAVAILABLE


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


def test_tls_without_a_certificate_ends_the_start(tmp_path: Path):
    """The keys that are missing are named, and no key file is left."""
    settings = grpc_settings(two_ports()) | {"enable_grpc_ssl": "true", "disable_token_authorization": "false"}
    with pytest.raises(AssertionError, match="enable_grpc_ssl=true needs private_key_file and certificate_file"):
        Server(tmp_path, settings)
    assert not (tmp_path / "key_file.json").exists()


def test_tls_with_what_is_no_certificate_ends_the_start(tmp_path: Path):
    """It is the certificate that is named, not the port."""
    pem = tmp_path / "no.pem"
    pem.write_text("nothing")
    files = {"certificate_file": str(pem), "private_key_file": str(pem)}
    with pytest.raises(AssertionError, match="TLS cannot be set up"):
        Server(tmp_path, grpc_settings(two_ports()) | {"enable_grpc_ssl": "true"} | files)


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
