"""gRPC's ports with TLS: what clients see of PEM files and keystores, also once these are others."""

import os
import signal
import ssl
from collections.abc import Mapping
from pathlib import Path

import pytest

from certificates import keystore_of, loopback_pair
from grpc_clients.calls import PATIENCE_S, refused
from grpc_clients.conftest import Client, Launch, two_ports
from grpc_clients.needed import needed
from integration.server import Server, grpc_settings, wait_until

grpc = needed("grpc")

pytestmark = pytest.mark.integration

KINDS = ["pem", "keystore"]
PASSWORD = "geheim"


class Site:
    """Two pairs for 127.0.0.1, of which the server is given one or the other. `kind`: in what."""

    def __init__(self, directory: Path, kind: str) -> None:
        self.kind = kind
        self.pairs = []
        for name in ("one", "two"):
            (directory / name).mkdir()
            self.pairs.append(loopback_pair(directory / name))
        self.given = directory / "given"
        self.given.mkdir()

    @property
    def settings(self) -> Mapping[str, str]:
        """Those that name what the server is given."""
        files = {"certificate_file": "certificate.pem", "private_key_file": "key.pem"}
        if self.kind == "keystore":
            return {"keystore": str(self.given / "keys.p12"), "keystore_pass": PASSWORD}
        return {key: str(self.given / name) for key, name in files.items()}

    def give(self, place: int) -> None:
        """Write one of the pairs where the server looks."""
        pair = self.pairs[place]
        if self.kind == "keystore":
            (self.given / "keys.p12").write_bytes(keystore_of(*pair, PASSWORD.encode()))
            return
        for path in pair:
            (self.given / path.name).write_bytes(path.read_bytes())

    def shown(self, port: int) -> int | None:
        """Which of the pairs a client sees."""
        seen = ssl.get_server_certificate(("127.0.0.1", port), timeout=PATIENCE_S)
        texts = [certificate.read_text() for certificate, _ in self.pairs]
        return texts.index(seen) if seen in texts else None

    def ask(self, client: Client, place: int) -> bytes:
        """What is answered to who trusts one of the pairs."""
        credentials = grpc.ssl_channel_credentials(self.pairs[place][0].read_bytes())
        with grpc.secure_channel(f"127.0.0.1:{client.ports[0]}", credentials) as channel:
            predict = client.stubs["inference"].InferenceAPIsServiceStub(channel).Predictions
            prediction: bytes = predict(client.asks("echo", a=b"1"), timeout=PATIENCE_S).prediction
            return prediction


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    site = Site(tmp_path, request.param)
    site.give(0)
    return site


def test_tls(site: Site, launch: Launch):
    """With enable_grpc_ssl a client that trusts the certificate is served, and one without TLS is not."""
    _, client = launch(enable_grpc_ssl="true", **site.settings)
    assert site.ask(client, 0) == b'{"a": "1"}'
    assert refused(client.inference.Predictions, client.asks("echo"))[0] is grpc.StatusCode.UNAVAILABLE


def test_a_certificate_that_is_replaced(site: Site, launch: Launch):
    """New connections get the new one on both ports after a SIGHUP; what cannot be used changes nothing, and is logged."""
    server, client = launch(enable_grpc_ssl="true", **site.settings)
    site.give(1)
    os.kill(server.process.pid, signal.SIGHUP)
    for port in client.ports:
        wait_until(lambda port=port: site.shown(port) == 1, "the new certificate")
    assert site.ask(client, 1) == b'{"a": "1"}'
    for path in site.given.iterdir():
        path.write_text("nothing")
    os.kill(server.process.pid, signal.SIGHUP)
    log = server.directory / "logs" / "ts_log.log"
    wait_until(lambda: "The certificate stays as it was" in log.read_text(), "the line")
    assert site.shown(client.ports[0]) == 1


def test_without_a_certificate_the_start_ends(tmp_path: Path):
    """The keys that are missing are named, and no key file is left."""
    settings = grpc_settings(two_ports()) | {"enable_grpc_ssl": "true", "disable_token_authorization": "false"}
    with pytest.raises(AssertionError, match="enable_grpc_ssl=true needs private_key_file and certificate_file"):
        Server(tmp_path, settings)
    assert not (tmp_path / "key_file.json").exists()


def test_what_is_no_certificate_ends_the_start(tmp_path: Path):
    """It is the certificate that is named, not the port."""
    pem = tmp_path / "no.pem"
    pem.write_text("nothing")
    files = {"certificate_file": str(pem), "private_key_file": str(pem)}
    with pytest.raises(AssertionError, match="TLS cannot be set up"):
        Server(tmp_path, grpc_settings(two_ports()) | {"enable_grpc_ssl": "true"} | files)


def test_a_keystore_that_is_not_opened_ends_the_start(tmp_path: Path):
    """It is the password that is named."""
    site = Site(tmp_path, "keystore")
    site.give(0)
    settings = {**grpc_settings(two_ports()), "enable_grpc_ssl": "true", **site.settings, "keystore_pass": "another"}
    with pytest.raises(AssertionError, match="is not opened by keystore_pass"):
        Server(tmp_path, settings)
