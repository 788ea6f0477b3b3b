"""A server in a process of its own, and the models that a test puts into it.

Used through the fixtures of `conftest`. Handlers and tests agree on what happens when through empty files in a directory
of notes, so that no test has to guess how long something takes.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil

PATIENCE_S = 30.0

# Notes every batch in `runs`; a request whose body begins with "gate" waits there until `Deployed.open`.
GATED = """
import os, pathlib, time

NOTES = pathlib.Path(os.environ["NOTES"])

def handle(data, context):
    if data is None:
        return None
    names = [row["body"].decode() for row in data]
    notes = NOTES / context.model_name
    with open(notes / "runs", "a") as runs:
        runs.write(" ".join(names) + "\\n")
    for name in names:
        (notes / (name + ".began")).touch()
    for name in names:
        while name.startswith("gate") and not (notes / (name + ".go")).exists():
            time.sleep(0.005)
    return [str(len(data))] * len(data)
"""


def wait_until(condition: Callable[[], Any], what: str = "") -> Any:
    """The first true value of `condition`, which is asked again and again."""
    end = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {PATIENCE_S:g} s for {what or condition}"
        time.sleep(0.01)
    return value


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def pack(
    path: Path,
    name: str,
    code: str,
    *,
    version: str = "1.0",
    config: str = "",
    files: Mapping[str, str] | None = None,
    **fields: str,
) -> Path:
    """Write an archive of a handler; `fields` go into the manifest's model."""
    model = {"modelName": name, "modelVersion": version, "handler": "service.py", **fields}
    members = {"service.py": code, **(files or {})}
    if config:
        model["configFile"] = "model-config.yaml"
        members["model-config.yaml"] = config
    manifest = {"createdOn": "01/01/2026 00:00:00", "runtime": "python", "model": model, "archiverVersion": "0.12.0"}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
        for member, text in members.items():
            archive.writestr(member, text)
    return path


def hang_up(port: int, path: str, body: bytes) -> socket.socket:
    """Send a request; the caller reads nothing, and hangs up by closing the socket."""
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"POST %b HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n%b" % (path.encode(), len(body), body))
    return client


class Server:
    """One server with a directory, a model store and three ports of its own. `settings` are lines of config.properties."""

    def __init__(self, directory: Path, settings: Mapping[str, str], environ: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self.store = directory / "store"
        self.notes = directory / "notes"
        self.store.mkdir(exist_ok=True)
        self.notes.mkdir()
        self.ports = dict(zip(("inference", "management", "metrics"), free_ports(3), strict=True))
        lines = {f"{api}_address": f"http://127.0.0.1:{port}" for api, port in self.ports.items()}
        lines |= {"model_store": "store", "enable_model_api": "true", "disable_token_authorization": "true"}
        lines |= {"disable_system_metrics": "true", "unregister_model_timeout": "15", **settings}
        (directory / "test.properties").write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        self._environ = os.environ | {"TEMP": str(directory), "NOTES": str(self.notes)} | dict(environ or {})
        self.http = httpx.Client(timeout=2 * PATIENCE_S, limits=httpx.Limits(max_keepalive_connections=None))
        self.threads = ThreadPoolExecutor(32)
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        """The process, once it takes requests: it writes a byte to the pipe then, and closes it when it fails."""
        reader, writer = os.pipe()
        words = ["start", "--ncs", "--ts-config", "test.properties", "--ready-fd", str(writer)]
        with (self.directory / "console").open("wb") as console:
            process = subprocess.Popen(
                [sys.executable, "-m", "servescope.cli.main", *words],
                cwd=self.directory,
                env=self._environ,
                stdout=console,
                stderr=subprocess.STDOUT,
                pass_fds=[writer],
                start_new_session=True,
            )
        os.close(writer)
        started = os.read(reader, 1)
        os.close(reader)
        assert started, self.console()
        return process

    def console(self) -> str:
        """What it has written."""
        return (self.directory / "console").read_text(errors="replace")

    def family(self) -> list[psutil.Process]:
        """All processes below it."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self) -> None:
        """End it by force unless it has ended, and whatever it left."""
        left = self.family() if self.process.poll() is None else []
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        finally:
            for process in left:
                if process.is_running():
                    process.kill()
            self.threads.shutdown(wait=False, cancel_futures=True)
            self.http.close()

    def url(self, api: str, path: str) -> str:
        """An address of one of the three APIs."""
        return f"http://127.0.0.1:{self.ports[api]}{path}"

    def manage(self, method: str, path: str, **query: object) -> httpx.Response:
        """Ask the management API."""
        return self.http.request(method, self.url("management", path), params={k: str(v) for k, v in query.items()})

    def register(self, archive: Path | str, **query: object) -> httpx.Response:
        """POST /models with an archive of the store, one worker and waiting for it unless told otherwise."""
        url = archive.name if isinstance(archive, Path) else archive
        return self.manage("POST", "/models", **({"url": url, "initial_workers": 1, "synchronous": "true"} | query))

    def ping(self) -> int:
        """The status of /ping."""
        return self.http.get(self.url("inference", "/ping")).status_code

    def metrics(self, name: str, **labels: str) -> float | None:
        """A sample's value, None where no such sample is shown. `labels` may leave some out."""
        for line in self.http.get(self.url("metrics", "/metrics")).text.splitlines():
            sample, _, value = line.rpartition(" ")
            if sample.partition("{")[0] == name and all(f'{key}="{text}"' in sample for key, text in labels.items()):
                return float(value)
        return None


class Deployed:
    """A model in a server, with the notes that its handler leaves."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name
        self.path = f"/predictions/{name}"
        self.notes = server.notes / name
        self.notes.mkdir(exist_ok=True)

    def predict(self, body: str | bytes = b"", version: str = "", **headers: str) -> httpx.Response:
        """Ask it, and wait for the answer."""
        url = self.server.url("inference", f"{self.path}/{version}" if version else self.path)
        return self.server.http.post(url, content=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def send(self, body: str, version: str = "") -> "Future[httpx.Response]":
        """Ask it on a thread."""
        return self.server.threads.submit(self.predict, body, version)

    def hold(self, gate: str = "gate", version: str = "") -> "Future[httpx.Response]":
        """Have a worker of a `GATED` model in hand until `open`."""
        answer = self.send(gate, version)
        self.began(gate)
        return answer

    def began(self, name: str) -> None:
        """Wait until the handler has taken up the request of this body."""
        wait_until((self.notes / f"{name}.began").exists, f"{name} to begin")

    def open(self, gate: str = "gate") -> None:
        """Let those through that wait there."""
        (self.notes / f"{gate}.go").touch()

    def runs(self) -> list[str]:
        """The bodies of every batch, as they ran."""
        return (self.notes / "runs").read_text().splitlines()

    def describe(self, version: str = "") -> dict[str, Any]:
        """What management says of it."""
        answer = self.server.manage("GET", f"/models/{self.name}/{version}".rstrip("/"))
        assert answer.status_code == 200, answer.text
        return answer.json()[0]

    def pending(self, count: int) -> None:
        """Wait until so many requests are queued."""
        wait_until(lambda: self.describe()["jobQueueStatus"]["pendingRequests"] == count, f"{count} to be pending")

    def pids(self) -> list[int]:
        """The processes of its workers that can take work."""
        return [worker["pid"] for worker in self.describe()["workers"] if worker["status"] == "READY"]
