"""HTTP to one server. The servers here are tiny ones, on a port or a Unix socket, that repeat what they were asked."""

import json
import socket
import socketserver
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.cli.client.connection import AddressError, Answer, Connection, NoAnswerError


class Echo(BaseHTTPRequestHandler):
    """Answers 207 with the request: its line, some headers, and the client's port."""

    protocol_version = "HTTP/1.1"

    def _answer(self):
        names = ("Authorization", "Content-Length", "Host")
        told = {"line": self.requestline, "client": str(self.client_address), **{n: self.headers[n] for n in names}}
        body = json.dumps(told).encode()
        self.send_response(207)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 — the library's names

    def address_string(self):
        return "somebody"

    def log_message(self, *_):
        """Silent."""


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class SixServer(ThreadingHTTPServer):
    address_family = socket.AF_INET6


@contextmanager
def running(server):
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(params=["tcp", "tcp6", "unix"])
def url(request, tmp_path):
    if request.param == "unix":
        with running(UnixServer(str(tmp_path / "echo.sock"), Echo)):
            yield f"unix:{tmp_path}/echo.sock"
    elif request.param == "tcp6":
        with running(SixServer(("::1", 0), Echo)) as server:
            yield f"http://[::1]:{server.server_port}"
    else:
        with running(ThreadingHTTPServer(("127.0.0.1", 0), Echo)) as server:
            yield f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_what_is_asked_arrives(url, method):
    """The method, the path, parameters in their order and escaped, the headers."""
    with Connection(url, {"Authorization": "Bearer k"}, 5) as client:
        answer = client.request(method, "/models/a%2Fb", {"url": "x y&z.mar", "n": "é+"})
    told = answer.json()
    assert (answer.status, answer.is_error) == (207, False)
    assert told["line"] == f"{method} /models/a%2Fb?url=x%20y%26z.mar&n=%C3%A9%2B HTTP/1.1"
    assert told["Authorization"] == "Bearer k"
    # A server must not wait for a body that does not come.
    assert told["Content-Length"] == ("0" if method in ("POST", "PUT") else None)


def test_one_connection_serves_all_requests(url):
    """The list of models and the description of each are asked over the same one."""
    with Connection(url, {}, 5) as client:
        first, second = (client.request("GET", "/models").json()["client"] for _ in range(2))
    assert first == second


def test_a_path_in_the_address_stands_before_every_path():
    """Where a server is reached through another, under a path."""
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Echo)) as server:
        client = Connection(f"http://127.0.0.1:{server.server_port}/model server/", {}, 5)
        assert client.request("GET", "/ping").json()["line"] == "GET /model%20server/ping HTTP/1.1"


def test_no_proxy_is_asked(monkeypatch):
    """Whatever the environment says."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Echo)) as server:
        assert Connection(f"http://127.0.0.1:{server.server_port}", {}, 5).request("GET", "/ping").status == 207


def test_no_server_is_named_by_its_address(tmp_path):
    """No traceback of the HTTP library's; the same for a name that cannot be looked up, and for a path that is too long."""
    for url in (
        f"unix:{tmp_path}/none.sock",
        f"unix:/{'long' * 50}",
        "http://127.0.0.1:9",
        f"http://{'a' * 70}.invalid",
    ):
        with Connection(url, {}, 5) as client, pytest.raises(NoAnswerError, match=f"^no answer from {url}: "):
            client.request("GET", "/models")


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_what_is_no_http_is_no_answer(tmp_path, said):
    """A server that hangs up, speaks something else, or stops in the middle."""
    path = str(tmp_path / "odd.sock")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()

        def serve():
            with listening.accept()[0] as one:
                one.recv(4096)
                one.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        with Connection(f"unix:{path}", {}, 5) as client, pytest.raises(NoAnswerError, match="no answer from unix:"):
            client.request("GET", "/ping")
        thread.join()


def test_a_server_that_says_nothing_is_given_up(tmp_path):
    """After the time that is given; the connection is accepted by the system, and never read."""
    path = str(tmp_path / "mute.sock")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        with Connection(f"unix:{path}", {}, 0.05) as client, pytest.raises(NoAnswerError, match="timed out"):
            client.request("GET", "/ping")


@pytest.mark.parametrize("token", ["two\nlines", "žluť"])
def test_a_token_that_no_header_can_carry_is_an_error_of_one_line(url, token):
    """It is not sent, and no traceback is shown."""
    with Connection(url, {"Authorization": f"Bearer {token}"}, 5) as client, pytest.raises(NoAnswerError):
        client.request("GET", "/models")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://nowhere",
        "127.0.0.1:8081",
        "",
        "http://",
        "http://:8081",
        "http://h:port",
        "http://h:99999",
        "http://[::1",
        "http://user:word@h",
        "http://h?x=1",
        "http://h/#x",
        "HTTP://h",
    ],
)
def test_an_address_that_is_none_is_named(url):
    """Before anything is sent."""
    with pytest.raises(AddressError) as refused:
        Connection(url, {}, 5)
    assert repr(url) in refused.value.message


@given(st.text())
def test_any_text_is_an_address_or_refused(text):
    """Nothing else comes out."""
    for url in (text, f"http://{text}", f"https://{text}", f"unix:{text}"):
        try:
            Connection(url, {}, 5)
        except AddressError as error:
            assert repr(url) in error.message  # noqa: PT017 — it need not be raised


@given(st.binary())
def test_any_body_has_a_text(body):
    """And is JSON, or refused as ValueError."""
    answer = Answer(400, body)
    assert answer.is_error
    assert isinstance(answer.text, str)
    try:
        answer.json()
    except ValueError:
        pass
