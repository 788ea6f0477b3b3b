"""All three APIs on Unix sockets: requests, the access log, and what is left behind."""

import socket
from functools import partial

import httpx
import pytest

from integration.net_server import NOOP, log, run_start, serving, site, stop
from integration.server import APIS

pytestmark = pytest.mark.integration


def client(directory, api):
    return httpx.Client(transport=httpx.HTTPTransport(uds=str(directory / api)), base_url="http://h")


def test_three_sockets(tmp_path):
    """Each API on its own file, a dead server's file in the way; the files go with the server."""
    settings = {f"{api}_address": f"unix:{tmp_path / api}" for api in APIS}
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "inference"))
    with serving(tmp_path / "server", settings, {"noop": NOOP}) as server:
        inference, management, metrics = map(partial(client, tmp_path), APIS)
        with inference, management, metrics:
            assert inference.get("/ping").json() == {"status": "Healthy"}
            assert inference.post("/predictions/noop", content=b"x" * 200_000).text == "ok"
            assert management.get("/models/noop").json()[0]["modelName"] == "noop"
            assert "Requests2XX" in metrics.get("/metrics").text
        assert stop(server) == 0
        assert '- /unix:0 "GET /ping HTTP/1.1" 200' in log(server, "access_log.log")
        assert not [api for api in APIS if (tmp_path / api).exists()]


def test_a_socket_in_use_is_not_taken(tmp_path):
    """A start over a living server's socket ends with an error that names it."""
    with socket.socket(socket.AF_UNIX) as alive:
        alive.bind(str(tmp_path / "taken"))
        alive.listen()
        result = run_start(site(tmp_path, f"inference_address=unix:{tmp_path / 'taken'}\n"))
        assert result.returncode == 1
        assert f"inference_address=unix:{tmp_path / 'taken'}" in result.stderr
        assert (tmp_path / "taken").exists()


def test_a_file_is_not_replaced(tmp_path):
    """What is no socket stays where it is."""
    (tmp_path / "taken").write_text("precious")
    assert run_start(site(tmp_path, f"inference_address=unix:{tmp_path / 'taken'}\n")).returncode == 1
    assert (tmp_path / "taken").read_text() == "precious"
