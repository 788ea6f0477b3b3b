"""TLS on all three ports, with a certificate made for the test."""

import os
import signal
import socket
import ssl

import httpx
import pytest

from certificates import keystore_of, loopback_pair
from integration.net_server import NOOP, run_start, serving, site
from integration.server import PATIENCE_S, addresses, free_ports, own_ports, wait_until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The files of a certificate for 127.0.0.1 and of its key."""
    return loopback_pair(tmp_path_factory.mktemp("pair"))


@pytest.fixture(scope="module")
def secure(tmp_path_factory, pair):
    """The ports of a server with TLS, and a client that trusts its certificate."""
    ports = own_ports()
    settings = addresses(ports, "https") | {"certificate_file": str(pair[0]), "private_key_file": str(pair[1])}
    http = httpx.Client(verify=ssl.create_default_context(cafile=str(pair[0])), timeout=PATIENCE_S)
    with serving(tmp_path_factory.mktemp("tls"), settings, {"noop": NOOP}), http:
        yield ports, http


def test_all_three_ports(secure):
    """Requests, with a large body too."""
    ports, http = secure
    assert http.get(f"https://127.0.0.1:{ports['inference']}/ping").json() == {"status": "Healthy"}
    url = f"https://127.0.0.1:{ports['inference']}/predictions/noop"
    assert http.post(url, content=b"x" * 3_000_000).text == "ok"
    assert http.get(f"https://127.0.0.1:{ports['management']}/models").json()["models"][0]["modelName"] == "noop"
    assert "Requests2XX" in http.get(f"https://127.0.0.1:{ports['metrics']}/metrics").text


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions(secure, pair, version):
    """1.2, as TorchServe's, and 1.3."""
    context = ssl.create_default_context(cafile=str(pair[0]))
    context.minimum_version = context.maximum_version = version
    plain = socket.create_connection(("127.0.0.1", secure[0]["inference"]), timeout=PATIENCE_S)
    with context.wrap_socket(plain, server_hostname="127.0.0.1") as client:
        client.sendall(b"GET /ping HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")


def test_plain_http_gets_nothing(secure):
    """The connection ends without a word in the clear, and others are served on."""
    ports, http = secure
    with socket.create_connection(("127.0.0.1", ports["inference"]), timeout=PATIENCE_S) as client:
        client.sendall(b"GET /ping HTTP/1.1\r\nhost: h\r\n\r\n")
        received = b""
        try:
            while piece := client.recv(1000):
                received += piece
        except ConnectionResetError:
            pass
        assert b"HTTP" not in received
    assert http.get(f"https://127.0.0.1:{ports['inference']}/ping").status_code == 200


def test_a_certificate_that_is_none(tmp_path, pair):
    """Ends the start with both files' names."""
    (tmp_path / "bad.pem").write_text("no certificate")
    (port,) = free_ports(1)
    files = f"certificate_file=bad.pem\nprivate_key_file={pair[1]}\n"
    result = run_start(site(tmp_path, f"inference_address=https://127.0.0.1:{port}\n{files}"))
    assert result.returncode == 1
    assert str(tmp_path / "bad.pem") in result.stderr
    assert "Traceback" not in result.stderr


def made(directory):
    directory.mkdir()
    return directory


def test_a_certificate_that_is_made_up(tmp_path):
    """Without any the server serves, and warns; commands on this machine find the certificate, and it goes with the server."""
    ports = own_ports()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with serving(tmp_path / "site", addresses(ports, "https"), {}, {"TEMP": str(temporary)}):
        shown = temporary / ".servescope.certificate.pem"
        trust = ssl.create_default_context(cafile=str(shown))
        assert httpx.get(f"https://localhost:{ports['inference']}/ping", verify=trust).status_code == 200
        log = (tmp_path / "site" / "logs" / "ts_log.log").read_text()
        (warning,) = (line for line in log.splitlines() if "made up" in line)
        assert str(shown) in warning
    assert not shown.exists()


def test_a_keystore(tmp_path):
    """Its certificate is what clients see, also once it is another; one that is not opened ends the start."""
    pairs = [loopback_pair(made(tmp_path / name)) for name in ("one", "two")]
    store = tmp_path / "keys.p12"
    store.write_bytes(keystore_of(*pairs[0]))
    ports = own_ports()
    settings = addresses(ports, "https") | {"keystore": str(store), "keystore_pass": "geheim"}
    with serving(tmp_path / "site", settings, {}, {"TEMP": str(made(tmp_path / "temporary"))}) as server:
        assert ssl.get_server_certificate(("127.0.0.1", ports["inference"])) == pairs[0][0].read_text()
        store.write_bytes(keystore_of(*pairs[1]))
        os.kill(server.process.pid, signal.SIGHUP)
        wait_until(lambda: ssl.get_server_certificate(("127.0.0.1", ports["inference"])) == pairs[1][0].read_text())
    store.write_bytes(keystore_of(*pairs[0], password=b"another"))
    lines = f"inference_address=https://127.0.0.1:{ports['inference']}\nkeystore={store}\n"
    result = run_start(site(tmp_path / "again", lines))
    assert result.returncode == 1
    assert f"keystore={str(store)!r} is not opened by keystore_pass" in result.stderr
    assert "Traceback" not in result.stderr
