"""vLLM's own OpenAI server and this one, of the same tiny model with the same options.

In: which of them. Out: a running server, which has answered; on leaving the `with` block it is ended. Called by `llm.py`.
Both run as they ship, with their logs written to a file, and in this process's session: Linux shares the processors out
among sessions first (its autogroups), and vLLM's engine, which never sleeps while it works, starves whoever is in another.
"""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from rig.servers import free_ports

START_LIMIT_S = 280.0
POLL_S = 0.2
PATIENCE_S = 20.0
ENGINE_OPTIONS = ("--max-model-len", "256", "--enforce-eager", "--dtype", "float32")
ENVIRON = {"HF_HUB_OFFLINE": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
ADDRESSES = ("inference", "management", "metrics")


@dataclass(frozen=True)
class Kind:
    """A server's name in tables, and its command but for the port."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Server:
    """A running one; `model`: the name that requests give."""

    name: str
    pid: int
    port: int
    model: str

    def processes(self) -> list[psutil.Process]:
        """All of its processes."""
        root = psutil.Process(self.pid)
        return [root, *root.children(recursive=True)]

    def cpu_s(self) -> dict[str, float]:
        """Processor seconds so far of the engine's own processes, which vLLM names so, and of all others."""
        found = {"engine": 0.0, "other": 0.0}
        for process in self.processes():
            try:
                used, command = process.cpu_times(), process.cmdline()
            except psutil.NoSuchProcess:
                continue
            found["engine" if "VLLM::" in "".join(command) else "other"] += used.user + used.system
        return found


def vllm(model: Path) -> Kind:
    """VLLM's own, of the environment that runs this."""
    words = (sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model))
    return Kind("vLLM", (*words, *ENGINE_OPTIONS))


def servescope(model: Path, options: Sequence[str] = ()) -> Kind:
    """Ours, of the same environment."""
    words = (sys.executable, "-m", "servescope.cli.main", "llm", str(model), "--disable-token-auth", "--ncs")
    return Kind("Servescope", (*words, *ENGINE_OPTIONS, *options))


def _ports(kind: Kind, room: Path) -> tuple[int, tuple[str, ...]]:
    """A port of its own, and the words that say so."""
    ports = free_ports(len(ADDRESSES))
    if kind.name == "vLLM":
        return ports[0], ("--port", str(ports[0]), "--host", "127.0.0.1")
    lines = [f"{api}_address=http://127.0.0.1:{port}\n" for api, port in zip(ADDRESSES, ports, strict=True)]
    (room / "config.properties").write_text("".join(lines))
    return ports[0], ("--ts-config", str(room / "config.properties"))


def ask(port: int, path: str, body: Mapping[str, object] | None = None) -> tuple[int, bytes]:
    """One request: status and body. Raises OSError or HTTPException where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        data = json.dumps(body) if body is not None else None
        connection.request("POST" if body else "GET", path, data, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _wait_for_answer(port: int, model: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline, last = time.monotonic() + START_LIMIT_S, "nothing was listening"
    while time.monotonic() < deadline:
        try:
            status, body = ask(port, "/v1/completions", {"model": model, "prompt": "hello", "max_tokens": 1})
            if status == 200:
                return
            last = f"{status} {body[:200]!r}"
        except (OSError, http.client.HTTPException) as error:
            last = repr(error)
        if process.poll() is not None:
            break
        time.sleep(POLL_S)
    raise RuntimeError(f"no answer, last {last}:\n{log.read_text(errors='replace')[-3000:]}")


@contextmanager
def running(kind: Kind, model: Path, room: Path) -> Iterator[Server]:
    """Start one in a directory that this makes, and wait for its first answer.

    Raises RuntimeError where it ends or does not answer, with the end of its output.
    """
    room.mkdir()
    port, words = _ports(kind, room)
    log = room / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*kind.command, *words],
            cwd=room,
            env={**os.environ, **ENVIRON, "TEMP": str(room), "TMPDIR": str(room)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    server = Server(kind.name, process.pid, port, str(model))
    try:
        _wait_for_answer(port, server.model, process, log)
        yield server
    finally:
        _end(server, process)


def _end(server: Server, process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end, and force what is left of it."""
    left = server.processes() if process.poll() is None else []
    process.terminate()
    _, alive = psutil.wait_procs(left, PATIENCE_S)
    for one in alive:
        one.kill()
    process.wait(PATIENCE_S)
