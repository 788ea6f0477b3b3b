"""The model that can be slowed: its switch, and the clients that ask it."""

import runpy
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from http_server import Silent, answering
from servescope.cli.demo import drowsy
from servescope.cli.demo.digits import DemoError, example_folder
from servescope.cli.demo.programs import free_ports

HANDLER = example_folder().parent / drowsy.NAME / "handler.py"


def test_the_switch_is_a_file(tmp_path, monkeypatch):
    """Awake without it, drowsy while it is there; no sleep where there is nothing to answer."""
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setenv(drowsy.SWITCH_VARIABLE, str(drowsy.switch(tmp_path)))
    module = runpy.run_path(str(HANDLER))
    handle = module["handle"]
    assert handle([{}, {}], None) == ["awake", "awake"]
    drowsy.switch(tmp_path).touch()
    assert handle(None, None) is None
    assert slept == []
    assert handle([{}, {}], None) == ["drowsy", "drowsy"]
    assert slept == [module["SLEEP_S"]]
    drowsy.switch(tmp_path).unlink()
    assert handle([{}], None) == ["awake"]


def test_without_the_variable_it_is_awake(monkeypatch):
    """As when it is served by hand."""
    monkeypatch.delenv(drowsy.SWITCH_VARIABLE, raising=False)
    assert runpy.run_path(str(HANDLER))["handle"]([{}], None) == ["awake"]


@contextmanager
def drowsy_server(status):
    """A server that answers every request so; its URL and the requests, as an event for each client's second one."""
    enough = threading.Semaphore(0)

    class Handler(Silent, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"said")
            enough.release()

    with answering(Handler) as port:
        yield f"http://127.0.0.1:{port}/predictions/drowsy", enough


def test_clients_ask_until_the_block_ends():
    """Again and again, and none is at work afterwards."""
    with drowsy_server(200) as (url, asked):
        with drowsy.load(url) as load:
            for _ in range(2 * drowsy.CLIENTS):
                assert asked.acquire(timeout=30)
            load.check()
        assert all(client.done() for client in load.clients)
        load.check()


def test_a_refused_request_is_told():
    """With the status and the body."""
    with drowsy_server(503) as (url, _), drowsy.load(url) as load:
        assert load.clients[0].exception(timeout=30) is not None
        with pytest.raises(DemoError, match=r"predictions/drowsy answered 503: said"):
            load.check()


def test_a_server_that_is_gone_is_told():
    """With the URL."""
    url = f"http://127.0.0.1:{free_ports(1)[0]}/predictions/drowsy"
    with drowsy.load(url) as load:
        assert load.clients[0].exception(timeout=30) is not None
        with pytest.raises(DemoError, match=r"predictions/drowsy does not answer"):
            load.check()
