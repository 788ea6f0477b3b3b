"""What `servescope kubernetes` writes, run: a server as its pods start it, measured by --url, scraped by a real Prometheus as the
operator would, and asked the autoscalers' queries.
"""

import json
import re
import shlex
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
import yaml

from http_server import Silent, answering
from integration.net_server import NOOP, serving
from integration.pod import Manifests, Pod, as_adapter, neighbours, running, scrape_configuration
from integration.prometheus_server import needs_prometheus, prometheus
from integration.server import pack, wait_until
from servescope.cli.main import run

pytestmark = pytest.mark.integration

# Works for as long as the body says.
WORK = """
import time

def handle(data, context):
    if data is None:
        return None
    for row in data:
        time.sleep(float(row["body"].decode() or 0))
    return ["ok"] * len(data)
"""
CONFIG = """
minWorkers: 2
maxWorkers: 2
responseTimeout: 44
slo: {latency_ms: 250, latency_target: 99}
"""
PODS = ("servescope-1-a", "servescope-1-b")


def written(folder, *words):
    """The folder that the command writes."""
    assert run(["kubernetes", *words, "--out", str(folder)]) == 0
    return folder


def archive(folder, name, config):
    """An archive's bytes."""
    return pack(folder / "packed.mar", name, WORK, config=config).read_bytes()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The manifests of two models, one of them with a name that has a blank and an umlaut."""
    place = tmp_path_factory.mktemp("kubernetes")
    written(place / "out", "cube", "Wür fel", "--drain-seconds", "20")
    return place


@pytest.fixture(scope="module")
def pod(place):
    """It runs with what the image would have."""
    (place / "root").mkdir()
    files = [line.split(maxsplit=1) for line in (place / "out/README.md").read_text().splitlines() if ".mar  " in line]
    assert [name for _, name in files] == ["cube", "Wür fel"]
    archives = {file: archive(place, name, CONFIG if name == "cube" else "") for file, name in files}
    with running(place / "out", place / "root", archives) as pod:
        yield pod


def test_a_pod_starts_and_is_ready(pod: Pod):
    """With both models, found by the names that clients use; all probes pass, and only two ports are for others."""
    assert [pod.probe(name) for name in ("startup", "readiness", "liveness")] == [200, 200, 200]
    for name in ("cube", "Wür fel"):
        assert pod.http.post(pod.url("inference", f"/predictions/{name}"), content=b"0").text == "ok"
    said = pod.http.get(pod.url("management", "/models/cube")).json()[0]
    assert said["minWorkers"] == 2


def test_the_volumes_are_all_that_is_written_to(place, pod: Pod):
    """Nothing lies outside of what is mounted."""
    mounts = {mount["mountPath"] for mount in Manifests(place / "out").container["volumeMounts"]} | {"/archives"}
    root = place / "root"
    files = [f"/{file.relative_to(root)}" for file in root.rglob("*") if file.is_file()]
    assert any(file.startswith("/logs/") for file in files)
    assert any(file.startswith("/models/") for file in files)
    assert [file for file in files if not any(file.startswith(f"{mount}/") for mount in mounts)] == []


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


class Asked:
    """A Prometheus that scrapes the pod twice, as two pods, and the autoscalers' queries."""

    def __init__(self, told, manifests):
        self.told = told
        (trigger,) = manifests.objects["scaledobject"]["spec"]["triggers"]
        (self.rule,) = yaml.safe_load(manifests.objects["adapter-rules"]["data"]["config.yaml"])["rules"]
        self.keda = trigger["metadata"]["query"]
        self.adapter = as_adapter(self.rule, "default", PODS)

    def first_scrape(self):
        """The time of the first sample."""
        found = wait_until(lambda: self.told.series("up[1h]"), "a scrape")
        return min(float(one["values"][0][0]) for one in found)


@pytest.fixture(scope="module", params=[(), ("--target", "4")], ids=["one at a time", "several at once"])
def asked(request, tmp_path_factory, pod: Pod):
    """In both forms of the queries."""
    folder = tmp_path_factory.mktemp("asked")
    manifests = Manifests(written(folder / "out", "cube", "Wür fel", *request.param))
    targets = dict(zip(PODS, (f"{host}:{pod.ports['metrics']}" for host in ("127.0.0.1", "localhost")), strict=True))
    with prometheus(folder / "prometheus", {"prometheus.yml": scrape_configuration(manifests, targets)}) as told:
        yield Asked(told, manifests)


@needs_prometheus
def test_right_after_the_start_there_is_one_number(asked: Asked):
    """After the very first scrape, at which no counter has a rate yet; and from then on at each."""
    first = asked.first_scrape()
    for later in (0.0, 0.25, 0.5, 1.0):
        wait_until(lambda later=later: time.time() > first + later + 0.5)
        (element,) = asked.told.series(asked.keda, time=first + later)
        assert element["metric"] == {}


@needs_prometheus
def test_without_load_it_is_zero(asked: Asked):
    """Of the adapter, one for each pod."""
    wait_until(lambda: asked.told.values(asked.keda) == [0.0], "no load")
    wait_until(lambda: asked.told.by("pod", asked.adapter) == dict.fromkeys(PODS, 0.0), "no load of either pod")


@needs_prometheus
def test_load_is_seen(asked: Asked, pod: Pod):
    """Of two workers that are both busy there is one pod's worth of work a pod, and KEDA's number is of all pods: one element."""
    ended = threading.Event()

    def load():
        while not ended.is_set():
            pod.http.post(pod.url("inference", "/predictions/cube"), content=b"0.05")

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        # The same server stands for two pods.
        wait_until(lambda: min(asked.told.by("pod", asked.adapter).values(), default=0) > 0.5, "the adapter's metric")
        wait_until(lambda: asked.told.values(asked.keda) and asked.told.value(asked.keda) > 1, "KEDA's query")
        (element,) = asked.told.series(asked.keda)
        assert element["metric"] == {}
    finally:
        ended.set()
        for thread in threads:
            thread.join()


@needs_prometheus
def test_the_adapter_discovers_the_metric(asked: Asked):
    """By series with the labels that lead to pods."""
    found = wait_until(lambda: asked.told.ask("series", **{"match[]": asked.rule["seriesQuery"]}), "series")
    assert {one["pod"] for one in found} == set(PODS)
    assert {(one["namespace"], one["deployment"], one["job"]) for one in found} == {
        ("default", "servescope", "servescope")
    }


@needs_prometheus
def test_lost_pods_are_no_number(asked: Asked):
    """Minutes after the last scrape there is no element: KEDA reports an error, and the count of pods stays."""
    asked.first_scrape()
    assert asked.told.series(asked.keda, time=time.time() + 3600) == []


def test_it_ends_as_the_kubelet_asks_it_to(place, tmp_path):
    """What is in flight is answered, and it is gone well before it would be killed."""
    manifests = Manifests(place / "out")
    (tmp_path / "root").mkdir()
    archives = {file: archive(tmp_path, name, "") for file, name in (("cube.mar", "cube"),)}
    folder = written(tmp_path / "out", "cube", "--drain-seconds", "20")
    with running(folder, tmp_path / "root", archives) as pod:
        answers = []
        asking = threading.Thread(
            target=lambda: answers.append(pod.http.post(pod.url("inference", "/predictions/cube"), content=b"1"))
        )
        asking.start()
        sample = re.compile(r"^servescope_requests_in_flight\{.*\} 1(?:\.0)?$", re.MULTILINE)
        wait_until(
            lambda: sample.search(pod.http.get(pod.url("metrics", "/metrics")).text), "the request to be in flight"
        )
        assert pod.end() == 0
        asking.join()
        assert [answer.status_code for answer in answers] == [200]
    assert manifests.template["spec"]["terminationGracePeriodSeconds"] == 45


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
    page = (Path(__file__).parents[2] / "docs" / "kubernetes.md").read_text("utf-8")
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
