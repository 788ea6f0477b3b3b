"""`servescope kubernetes --url`: what it measures of a server that runs, and whom it refuses."""

import json
import re
import shlex
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

from http_server import Silent, answering
from integration.kubernetes.pod import Manifests, Pod, neighbours, written
from integration.net_server import NOOP, serving
from integration.server import wait_until
from servescope.cli.main import run

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("api", ["inference", "management", "metrics"])
def test_a_running_server_is_measured_by_any_port(api, tmp_path, pod: Pod, capsys):
    """Memory, load time, workers, timeouts, objectives, tokens and ports: in the files, and told on the terminal."""
    for name in ("cube", "Wür fel"):
        pod.http.post(pod.url("inference", f"/predictions/{name}"), content=b"0")
    wait_until(
        lambda: "\nprocess_resident_memory_bytes " in pod.http.get(pod.url("metrics", "/metrics")).text,
        "memory to be sampled",
    )
    folder = written(tmp_path / "out", "cube", "Wür fel", "--url", pod.url(api))
    told = capsys.readouterr().out.partition("Stated default, not measured:")
    for what in (
        "memory of the front end", "memory of a worker", "time to load a worker", "response timeout of cube: 44 s",
        "response timeout of Wür fel: 120 s", "workers in a pod of cube: 2", "clients need tokens: no", "batch size",
    ):  # fmt: skip
        assert what in told[0], what
        assert what not in told[2]
    manifests = Manifests(folder)
    config = manifests.objects["configmap"]["data"]["config.properties"]
    assert f"inference_address=http://0.0.0.0:{pod.ports['inference']}\n" in config
    assert f"metrics_address=http://0.0.0.0:{pod.ports['metrics']}\n" in config
    assert "objective of cube: latency: 99 % within 250 ms (measured)" in (folder / "README.md").read_text()
    assert int(manifests.container["resources"]["requests"]["memory"].removesuffix("Mi")) < 1600
    assert manifests.container["startupProbe"]["failureThreshold"] < 120
    assert manifests.template["spec"]["terminationGracePeriodSeconds"] > 121


def test_a_model_that_is_not_served_is_named(tmp_path, pod: Pod, capsys):
    """And what there is."""
    url = pod.url("management")
    assert run(["kubernetes", "nosuch", "--url", url, "--out", str(tmp_path / "out")]) == 1
    assert f"--url {url}: MODEL 'nosuch' is not served there; it has " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server that asks for tokens, with its ports side by side, and where they are."""
    ports = dict(zip(("inference", "management", "metrics"), neighbours(), strict=True))
    addresses = {f"{api}_address": f"http://127.0.0.1:{port}" for api, port in ports.items()}
    directory = tmp_path_factory.mktemp("guarded") / "server"
    with serving(
        directory,
        {**addresses, "disable_token_authorization": "false"},
        dict.fromkeys(("noop", "digits", "resnet"), NOOP),
    ) as server:
        wait_until(
            lambda: httpx.get(f"http://127.0.0.1:{ports['metrics']}/readyz").status_code == 200, "it to be ready"
        )
        yield server, f"http://127.0.0.1:{ports['inference']}"


def test_tokens_are_kept_where_the_server_asks_for_them(tmp_path, guarded, capsys):
    """What it tells without one is measured; with the management key the rest is, too."""
    server, url = guarded
    folder = written(tmp_path / "without", "noop", "--url", url)
    out = capsys.readouterr().out.partition("Stated default, not measured:")
    assert "clients need tokens: yes" in out[0]
    assert "time to load a worker" in out[0]
    assert "response timeout: 120 s" in out[2]
    assert "disable_token_authorization=false\n" in Manifests(folder).objects["configmap"]["data"]["config.properties"]
    key = json.loads((server.directory / "key_file.json").read_text())["management"]["key"]
    written(tmp_path / "with", "noop", "--url", url, "--token", key)
    out = capsys.readouterr().out.partition("Stated default, not measured:")
    assert "response timeout: 120 s" in out[0]
    assert "memory of a worker" in out[0]


def test_the_pages_lines_run_as_they_are_printed(tmp_path, guarded, monkeypatch):
    """docs/kubernetes.md: one after the other, the second of which measures. Only the server's address is another."""
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[3] / "docs" / "kubernetes.md").read_text("utf-8")
    lines = re.findall(r"^servescope (kubernetes .*)$", page, re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        assert run(shlex.split(line.replace("http://127.0.0.1:8081", guarded[1]))) == 0
    assert "(measured)" in (tmp_path / "k8s/server/deployment.yaml").read_text()


class Other(Silent, BaseHTTPRequestHandler):
    """Says the same to everybody."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")


def test_who_is_no_server_is_named(tmp_path, capsys):
    """One that speaks HTTP, and is something else."""
    with answering(Other) as port:
        url = f"http://127.0.0.1:{port}"
        assert run(["kubernetes", "a", "--url", url, "--out", str(tmp_path / "out")]) == 1
    assert f"--url {url}: {url} answered /readyz/models with 200: hello" in capsys.readouterr().err
