"""A pod without a cluster: in, the folder that `servescope kubernetes` wrote; out, its server, started as its container would be.

Arguments, environment, configuration and probes are the manifests'; paths and ports are replaced, as a machine has them once.
"""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from integration.server import COMMAND, PATIENCE_S, pack, wait_until
from servescope.cli.main import run

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


def written(folder: Path, *words: str) -> Path:
    """The folder that the command writes."""
    assert run(["kubernetes", *words, "--out", str(folder)]) == 0
    return folder


def archive(folder: Path, name: str, config: str) -> bytes:
    """An archive's bytes."""
    return pack(folder / "packed.mar", name, WORK, config=config).read_bytes()


def neighbours() -> tuple[int, int, int]:
    """Three free ports, one after the other, as a server has them that nobody configured."""
    for first in range(20000 + os.getpid() % 5000, 60000, 3):
        sockets = [socket.socket() for _ in range(3)]
        try:
            for place, one in enumerate(sockets):
                one.bind(("127.0.0.1", first + place))
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
        return first, first + 1, first + 2
    raise AssertionError("no three free ports")


class Manifests:
    """The objects of a folder, by kind."""

    def __init__(self, folder: Path) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        for file in sorted(folder.glob("*/*.yaml")):
            found = yaml.safe_load(file.read_text("utf-8"))
            self.objects.setdefault(file.stem, found)

    @property
    def template(self) -> dict[str, Any]:
        """Of the pods."""
        found: dict[str, Any] = self.objects["deployment"]["spec"]["template"]
        return found

    @property
    def container(self) -> dict[str, Any]:
        """The one of a pod."""
        (found,) = self.template["spec"]["containers"]
        return dict(found)


class Pod:
    """One that runs. `ports`: where it listens, by API."""

    def __init__(self, manifests: Manifests, root: Path) -> None:
        self._container = manifests.container
        self._root = root
        self.ports = dict(zip(("inference", "management", "metrics"), neighbours(), strict=True))
        mounts = [mount["mountPath"] for mount in self._container["volumeMounts"]]
        for path in (*mounts, "/archives"):
            (root / path.lstrip("/")).mkdir(parents=True, exist_ok=True)
        self._paths = re.compile(
            "|".join(f"(?<![\\w./-]){re.escape(path)}(?![\\w-])" for path in (*mounts, "/archives"))
        )
        for name, text in manifests.objects["configmap"]["data"].items():
            (root / "etc/servescope" / name).write_text(self._here(self._on_ports(text)), "utf-8")
        self.http = httpx.Client(timeout=PATIENCE_S)

    def start(self) -> None:
        """Until its startup probe passes."""
        environ = os.environ | {one["name"]: self._here(one["value"]) for one in self._container["env"]}
        words = [
            self._here(word.replace("$$", "$").replace("file:///archives", f"file://{self._root}/archives"))
            for word in self._container["args"]
        ]
        self.process = subprocess.Popen(
            [*COMMAND, *words],
            cwd=self._root / self._container["workingDir"].lstrip("/"),
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(lambda: self.probe("startup") == 200, "the startup probe to pass")

    def probe(self, name: str) -> int | None:
        """The status that the kubelet would see; None where nobody listens."""
        asked = self._container[f"{name}Probe"]["httpGet"]
        try:
            return self.http.get(f"http://127.0.0.1:{self.ports[asked['port']]}{asked['path']}").status_code
        except httpx.TransportError:
            return None

    def url(self, api: str, path: str = "") -> str:
        """An address of one of its APIs."""
        return f"http://127.0.0.1:{self.ports[api]}{path}"

    def end(self) -> int:
        """As the kubelet ends it; its status. The grace is the test's own."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def _on_ports(self, text: str) -> str:
        for api, port in self.ports.items():
            text = re.sub(rf"^({api}_address=http://[\d.]+):\d+$", rf"\1:{port}", text, flags=re.MULTILINE)
        return text

    def _here(self, text: str) -> str:
        return self._paths.sub(lambda match: f"{self._root}{match[0]}", text)


@contextmanager
def running(folder: Path, root: Path, archives: Mapping[str, bytes]) -> Iterator[Pod]:
    """A pod with these archives in its image, ended with the block."""
    pod = Pod(Manifests(folder), root)
    for name, content in archives.items():
        (root / "archives" / name).write_bytes(content)
    pod.start()
    try:
        yield pod
    finally:
        pod.end()
        pod.http.close()


def scrape_configuration(manifests: Manifests, pods: Mapping[str, str]) -> str:
    """prometheus.yml as the Prometheus Operator makes it of the PodMonitor; `pods`: targets by pods' names. Scrapes come faster."""
    spec = manifests.objects["podmonitor"]["spec"]
    (endpoint,) = spec["podMetricsEndpoints"]
    labels = manifests.template["metadata"]["labels"]
    meta = {f"__meta_kubernetes_pod_label_{re.sub(r'[^a-zA-Z0-9_]', '_', key)}": text for key, text in labels.items()}
    namespace = manifests.objects["podmonitor"]["metadata"]["namespace"]
    targets = [
        {"targets": [target], "labels": {**meta, "namespace": namespace, "pod": pod, "container": "servescope"}}
        for pod, target in pods.items()
    ]
    job = {
        "job_name": labels[spec["jobLabel"]],
        "metrics_path": endpoint["path"],
        "static_configs": targets,
        "relabel_configs": [_snake(one) for one in endpoint["relabelings"]],
    }
    return yaml.safe_dump({"global": {"scrape_interval": "250ms", "scrape_timeout": "250ms"}, "scrape_configs": [job]})


def as_adapter(rule: Mapping[str, Any], namespace: str, pods: Sequence[str]) -> str:
    """The query that prometheus-adapter makes of a rule, for the metric of these pods."""
    matchers = f'namespace="{namespace}",pod=~"{"|".join(pods)}"'
    query: str = rule["metricsQuery"]
    return query.replace("<<.LabelMatchers>>", matchers).replace("<<.GroupBy>>", "pod").replace("<<.Series>>", "")


def _snake(relabeling: Mapping[str, Any]) -> dict[str, Any]:
    return {re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", key): value for key, value in relabeling.items()}
