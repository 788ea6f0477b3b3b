"""Reaching a server: addresses, keys, refusals. The endpoints here are tiny ones that answer one thing."""

import json
import os
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import psutil
import pytest

from servescope.cli import runfile
from servescope.cli.client.endpoints import RefusedError, call, find_endpoints, find_key, open_client

REFUSAL = {"code": 404, "type": "ModelNotFoundException", "message": "Model not found: m"}


class Endpoint(BaseHTTPRequestHandler):
    """/headers repeats the authorization; /refuse and /odd refuse; /text answers no JSON."""

    def do_GET(self):
        answers = {
            "/headers": (200, json.dumps({"authorization": self.headers.get("Authorization")})),
            "/refuse": (404, json.dumps(REFUSAL)),
            "/odd": (502, "<html>gateway</html>"),
            "/text": (200, "plain"),
        }
        status, body = answers[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        """Silent."""


@pytest.fixture
def url(tmp_path):
    path = str(tmp_path / "tiny.sock")
    with socketserver.UnixStreamServer(path, Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"unix:{path}"
        server.shutdown()
        thread.join()


def test_the_token_is_sent(url):
    """As a bearer token; without one, no header at all."""
    with open_client(url, "secret", 5) as client:
        assert call(client, "GET", "/headers") == {"authorization": "Bearer secret"}
    with open_client(url, None, 5) as client:
        assert call(client, "GET", "/headers") == {"authorization": None}


@pytest.mark.parametrize(
    ("path", "words"),
    [("/refuse", r"Model not found: m \(404 ModelNotFound"), ("/odd", "502.*gateway"), ("/text", "/text.*not JSON")],
)
def test_a_refusal_carries_the_servers_words(url, path, words):
    """The message, the status and the type; for what is no answer of the server's, what there is."""
    with open_client(url, None, 5) as client, pytest.raises(RefusedError, match=words):
        call(client, "GET", path)


def test_the_first_key_file_wins(tmp_path):
    """The caller's directory before the server's; none at all is no key."""
    for name, key in (("mine", "first"), ("servers", "second")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "key_file.json").write_text(json.dumps({"management": {"key": key}}))
    assert find_key("management", [tmp_path / "mine", tmp_path / "servers"]) == "first"
    assert find_key("management", [tmp_path / "absent", tmp_path / "servers"]) == "second"
    assert find_key("management", [tmp_path / "absent"]) is None


@pytest.mark.parametrize("text", ["", "[]", '{"inference": {"key": "x"}}', '{"management": "x"}'])
def test_a_damaged_key_file_is_named(tmp_path, text):
    """With the way around it."""
    (tmp_path / "key_file.json").write_text(text)
    with pytest.raises(RefusedError, match=r"key_file\.json holds no management key; use --token"):
        find_key("management", [tmp_path])


def test_the_running_servers_addresses_win_over_the_configurations(tmp_path):
    """What `start` wrote down is where the server listens, whatever the configuration here says."""
    environ = {"TEMP": str(tmp_path)}
    assert find_endpoints(environ, tmp_path).management == "http://127.0.0.1:8081"
    server = runfile.RunningServer(
        os.getpid(), psutil.Process().create_time(), "/srv", "http://a:1", "http://a:2", "http://a:3", "/srv/logs"
    )
    with runfile.held(runfile.location(environ), server):
        found = find_endpoints(environ, tmp_path)
        other = find_endpoints(environ, tmp_path, "http://elsewhere:8081")
    assert (found.management, found.directory, found.pid) == ("http://a:2", Path("/srv"), os.getpid())
    assert (other.management, other.inference, other.metrics) == ("http://elsewhere:8081", None, None)


def test_a_metrics_address(tmp_path):
    """The running server's, or another's, which is not told the running one's key, and for which no configuration is read."""
    environ = {"TEMP": str(tmp_path)}
    (tmp_path / "config.properties").write_text("metrics_mode=nonsense\n")
    server = runfile.RunningServer(
        os.getpid(),
        psutil.Process().create_time(),
        "/srv",
        "http://a:1",
        "http://a:2",
        "http://a:3",
        "/srv/logs",
        "/srv/own.pem",
    )
    with runfile.held(runfile.location(environ), server):
        found = find_endpoints(environ, tmp_path, metrics="http://a:3")
        other = find_endpoints(environ, tmp_path, metrics="http://elsewhere:8082")
    assert (found.metrics, found.directory, found.certificate) == ("http://a:3", Path("/srv"), "/srv/own.pem")
    assert (other.metrics, other.directory, other.certificate) == ("http://elsewhere:8082", tmp_path, None)


def test_the_configurations_addresses_serve_without_a_run_file(tmp_path):
    """A server started by other means is found through the configuration in this directory."""
    (tmp_path / "config.properties").write_text("management_address=http://0.0.0.0:9081\n")
    assert find_endpoints({"TEMP": str(tmp_path)}, tmp_path).management == "http://127.0.0.1:9081"
