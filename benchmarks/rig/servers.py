"""The servers under test.

In: which of them, and extra settings. Out: a running server with free loopback ports in a directory of its own, and the
seconds from its launch to its first answer; on leaving the `with` block it is ended. Called by every benchmark.
Both run without tokens, with metrics in Prometheus form and with the access log on.
"""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from rig.processes import end, members
from rig.stores import write_store

START_LIMIT_S = 90.0
POLL_S = 0.005
# With these the servers would write next to whoever runs the benchmark, take its settings, or compile themselves at each start,
# which an installed server does once.
FOREIGN = ("TS_CONFIG_FILE", "LOG_LOCATION", "METRICS_LOCATION", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True)
class Server:
    """A running server: `session` names its processes, `first_answer_s` is seconds from launch to the first 200. `room`: its
    directory, where Servescope's run file is in `tmp`.
    """

    name: str
    session: int
    port: int
    path: str
    first_answer_s: float
    room: Path

    def url(self, model: str) -> str:
        """The predict URL of `model`."""
        return f"http://127.0.0.1:{self.port}{self.path}/{model}"


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _config_properties(room: Path, settings: Mapping[str, str]) -> tuple[int, list[str]]:
    inference, management, metrics, grpc_inference, grpc_management = free_ports(5)
    lines = {
        "inference_address": f"http://127.0.0.1:{inference}",
        "management_address": f"http://127.0.0.1:{management}",
        "metrics_address": f"http://127.0.0.1:{metrics}",
        "grpc_inference_port": str(grpc_inference),
        "grpc_management_port": str(grpc_management),
        "disable_token_authorization": "true",
        "load_models": "noop.mar,noop16.mar",
        "default_workers_per_model": "1",
        **settings,
    }
    path = room / "config.properties"
    path.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
    return inference, ["--ts-config", str(path), "--model-store", str(room / "store"), "--ncs"]


@dataclass(frozen=True)
class Kind:
    """One kind of server: its name in tables, its launch command without a configuration, settings and variables of its own.

    `configured` writes what the server reads into its room, and gives the port of inference and the options that name it;
    `path` is where models are asked.
    """

    name: str
    command: tuple[str, ...]
    settings: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    configured: Callable[[Path, Mapping[str, str]], tuple[int, list[str]]] = _config_properties
    path: str = "/predictions"


def torchserve(environment: Path, log_config: Path | None = None) -> Kind:
    """TorchServe from a Python environment (a directory with bin/torchserve), with its own log configuration or yours.

    Raises FileNotFoundError where either file is missing.
    """
    program = environment.absolute() / "bin" / "torchserve"
    if not program.is_file():
        raise FileNotFoundError(f"--torchserve-env {environment}: there is no {program}")
    if log_config is not None and not log_config.is_file():
        raise FileNotFoundError(f"--torchserve-log-config {log_config}: there is no such file")
    log_options = () if log_config is None else ("--log-config", str(log_config.absolute()))
    # Its launcher ends once the JVM runs, so that the launcher's memory is not counted against it.
    return Kind("TorchServe", (str(program), "--start", *log_options), {"metrics_mode": "prometheus"})


def servescope() -> Kind:
    """Servescope from the environment that runs this benchmark. Raises FileNotFoundError where it is not installed."""
    program = Path(sys.executable).parent / "servescope"
    if not program.is_file():
        raise FileNotFoundError(f"there is no {program}: run the benchmark with the environment that has servescope")
    return Kind("Servescope", (str(program), "start", "--foreground"), {})


def mosec(environment: Path) -> Kind:
    """Mosec from a Python environment (a directory with bin/python), on mosec_models.py beside this file.

    Raises FileNotFoundError where there is no such environment.
    """
    program = environment.absolute() / "bin" / "python"
    if not program.is_file():
        raise FileNotFoundError(f"--mosec-env {environment}: there is no {program}")
    models = Path(__file__).with_name("mosec_models.py")
    return Kind("Mosec", (str(program), str(models)), {}, configured=_mosec_options, path="")


def _mosec_options(room: Path, _settings: Mapping[str, str]) -> tuple[int, list[str]]:
    (port,) = free_ports(1)
    return port, ["--address", "127.0.0.1", "--port", str(port), "--path", str(room / "mosec")]


def another_servescope(checkout: Path) -> Kind:
    """Servescope from another checkout, in the environment that runs this benchmark.

    Raises FileNotFoundError where that is no checkout.
    """
    source = checkout.absolute() / "src"
    if not (source / "servescope").is_dir():
        raise FileNotFoundError(f"--before {checkout}: there is no {source / 'servescope'}")
    return replace(servescope(), name="before", environment={"PYTHONPATH": str(source)})


def _environment(kind: Kind, room: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in FOREIGN}
    # TorchServe starts its workers with the `python` it was started by, and finds their packages through PATH.
    path = os.pathsep.join([str(Path(kind.command[0]).parent), kept.get("PATH", os.defpath)])
    places = {
        "TEMP": room / "tmp",
        "TMPDIR": room / "tmp",
        "LOG_LOCATION": room / "logs",
        "METRICS_LOCATION": room / "logs",
    }
    return {**kept, "PATH": path, **{key: str(place) for key, place in places.items()}, **kind.environment}


def ask(port: int, model: str, timeout_s: float = 30.0, path: str = "/predictions") -> tuple[int, bytes]:
    """One POST of a few letters to `model`: status and body. Raises OSError or HTTPException where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("POST", f"{path}/{model}", b"x" * 16, {"Content-Type": "text/plain"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _wait_for_answer(port: int, path: str, model: str, session: int, log: Path) -> float:
    """Poll until `model` answers 200 and return the monotonic time of it."""
    deadline = time.monotonic() + START_LIMIT_S
    last = "nothing was listening"
    while time.monotonic() < deadline:
        try:
            status, body = ask(port, model, path=path)
            if status == 200:
                return time.monotonic()
            last = f"{status} {body[:200]!r}"
        except (OSError, http.client.HTTPException) as error:
            last = repr(error)
        if not members(session):
            raise RuntimeError(f"the server ended before it answered:\n{log.read_text()[-2000:]}")
        time.sleep(POLL_S)
    raise TimeoutError(f"no answer of {model} in {START_LIMIT_S:.0f} s, last {last}:\n{log.read_text()[-2000:]}")


@contextmanager
def running(kind: Kind, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Start a server on a fresh store of no-op models, wait until both answer, and end it when the block is left.

    `settings` are further lines of config.properties. Raises RuntimeError where the server ends early and TimeoutError
    where it does not answer in 90 s, each with the end of its output.
    """
    with tempfile.TemporaryDirectory(prefix="versus-", ignore_cleanup_errors=True) as name:
        room = Path(name)
        for folder in ("tmp", "logs"):
            (room / folder).mkdir()
        write_store(room / "store")
        port, options = kind.configured(room, {**kind.settings, **(settings or {})})
        log = room / "output.log"
        with log.open("wb") as output:
            began = time.monotonic()
            process = subprocess.Popen(
                [*kind.command, *options],
                cwd=room,
                env=_environment(kind, room),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            answered = _wait_for_answer(port, kind.path, "noop", process.pid, log)
            _wait_for_answer(port, kind.path, "noop16", process.pid, log)
            yield Server(kind.name, process.pid, port, kind.path, answered - began, room)
        finally:
            end(process.pid)
            process.wait(timeout=5)
