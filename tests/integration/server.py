"""A server in a process of its own, for the fixtures of `conftest`."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil

PATIENCE_S = 30.0
SHOWN = 10_000  # characters
APIS = ("inference", "management", "metrics")
# How many processes speak HTTP, where a test does not say: `FRONT_ENDS=2 pytest …` tries it out.
FRONT_ENDS = os.environ.get("FRONT_ENDS", "1")
COMMAND = (sys.executable, "-m", "servescope.cli.main")


def wait_until(condition: Callable[[], Any], what: str = "") -> Any:
    """The first true value of `condition`, which is asked again and again."""
    end = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {PATIENCE_S:g} s for {what or condition}"
        time.sleep(0.01)
    return value


def alive(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; a zombie, which only waits for its parent, does not."""

    def runs(process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return [process for process in processes if runs(process)]


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def own_ports() -> dict[str, int]:
    """Free ports for a server's three APIs."""
    return dict(zip(APIS, free_ports(len(APIS)), strict=True))


def addresses(ports: Mapping[str, int], scheme: str = "http") -> dict[str, str]:
    """The settings that say so."""
    return {f"{api}_address": f"{scheme}://127.0.0.1:{port}" for api, port in ports.items()}


def properties(settings: Mapping[str, str]) -> str:
    """The text of a configuration file."""
    return "".join(f"{key}={value}\n" for key, value in settings.items())


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


def grpc_settings(ports: tuple[int, int]) -> dict[str, str]:
    """Of a server with gRPC on these ports."""
    return {"enable_grpc": "true", "grpc_inference_port": str(ports[0]), "grpc_management_port": str(ports[1])}


class Server:
    """One server with a directory, a model store and three ports of its own. `settings` go to config.properties.

    `before`: a command that runs the command after it. `arguments`: more of `start`'s.
    """

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, str],
        environ: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
        arguments: Sequence[str] = (),
    ) -> None:
        self.directory = directory
        self.store = directory / "store"
        self.notes = directory / "notes"
        self.store.mkdir(exist_ok=True)
        self.notes.mkdir()
        self.ports = own_ports()
        lines = addresses(self.ports) | {
            "model_store": "store",
            "enable_model_api": "true",
            "disable_token_authorization": "true",
            "enable_grpc": "false",  # its ports are the same for all servers
            "front_ends": FRONT_ENDS,
        }
        lines |= {"disable_system_metrics": "true", "unregister_model_timeout": "15", **settings}
        (directory / "test.properties").write_text(properties(lines))
        self._environ = os.environ | {"TEMP": str(directory), "NOTES": str(self.notes)} | dict(environ or {})
        self.http = httpx.Client(timeout=2 * PATIENCE_S, limits=httpx.Limits(max_keepalive_connections=None))
        self.threads = ThreadPoolExecutor(32)
        self._how = (before, arguments)
        self.process = self._start(before, arguments)

    def start_again(self) -> None:
        """Once more in the same place, after it has ended."""
        self.process = self._start(*self._how)

    def _start(self, before: Sequence[str], arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
        """The process, once it takes requests: it writes a byte to the pipe then, and closes it when it fails."""
        reader, writer = os.pipe()
        words = ["start", "--ncs", "--ts-config", "test.properties", "--ready-fd", str(writer), *arguments]
        process = self._launch([*before, *COMMAND, *words], pass_fds=[writer], start_new_session=True)
        os.close(writer)
        started = os.read(reader, 1)
        os.close(reader)
        assert started, self.console()
        return process

    def _launch(self, command: Sequence[str], **how: Any) -> "subprocess.Popen[bytes]":
        """A process of this command, which writes to `console`."""
        with (self.directory / "console").open("wb") as console:
            return subprocess.Popen(
                command,
                cwd=self.directory,
                env=self._environ,
                stdout=console,
                stderr=subprocess.STDOUT,
                **how,
            )

    def console(self) -> str:
        """What it has written."""
        return (self.directory / "console").read_text(errors="replace")

    def everybody(self) -> list[psutil.Process]:
        """All processes below it."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def front_ends(self) -> list[psutil.Process]:
        """Those that speak HTTP beside it."""
        return [process for process in self.everybody() if _speaks_http(process)]

    def family(self) -> list[psutil.Process]:
        """All others, which are the same however many of those there are."""
        return [process for process in self.everybody() if not _speaks_http(process)]

    def end(self) -> None:
        """End it by force unless it has ended, and whatever it left. Pytest shows what it wrote where its test has failed."""
        print(self.console()[-SHOWN:])
        left = self.everybody() if self.process.poll() is None else []
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        finally:
            for process in alive(left):
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

    def families(self) -> dict[str, str]:
        """The kinds of the families that /metrics declares, by their names."""
        lines = self.http.get(self.url("metrics", "/metrics")).text.splitlines()
        return {line.split()[2]: line.split()[3] for line in lines if line.startswith("# TYPE")}


def _speaks_http(process: psutil.Process) -> bool:
    try:
        return "servescope.web.front_ends.child" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def refusal(server: Server, url: str, **query: object) -> tuple[int, str, str]:
    """Status, type and message of a refused registration; nothing of it is listed."""
    before = server.manage("GET", "/models").json()
    answer = server.register(url, **query)
    assert server.manage("GET", "/models").json() == before
    body = answer.json()
    assert body["code"] == answer.status_code
    return answer.status_code, body["type"], body["message"]
