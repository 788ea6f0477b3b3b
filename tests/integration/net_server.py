"""Servers and models for the tests of the wire: handlers that show what they were given, raw sockets, and a start that may fail.

Used by the tests of this directory that look at HTTP itself; the server's process comes from `integration.server`.
"""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from integration.server import COMMAND, PATIENCE_S, Server, addresses, own_ports, pack, properties

NOOP = "def handle(data, context):\n    return data and [b'ok'] * len(data)\n"

# Shows each row with its values' types, and the headers.
PROBE = """
def show(value):
    text = value.decode() if isinstance(value, (bytes, bytearray)) else value
    return [type(value).__name__, text]

def handle(data, context):
    if data is None:
        return None
    answers = []
    for index, row in enumerate(data):
        headers = context.get_all_request_header(index)
        fields = {name: show(value) for name, value in row.items()}
        answers.append({"fields": fields, "headers": dict(headers), "id": context.get_request_id(index)})
    return answers
"""

# Does what the body says: an expression for the answer, after statements if need be.
OBEY = """
import sys, time
from ts.utils.util import PredictionException

def handle(data, context):
    if data is None:
        return None
    code = data[0]["body"]
    code = code if isinstance(code, str) else code.decode()
    names = {"context": context, "time": time, "sys": sys, "PredictionException": PredictionException}
    *statements, answer = code.split("\\n")
    exec("\\n".join(statements), names)
    return eval(answer, names)
"""

MODELS = {"noop": NOOP, "probe": PROBE, "obey": OBEY}


@contextmanager
def serving(
    directory: Path,
    settings: Mapping[str, str] | None = None,
    models: Mapping[str, str] = MODELS,
    environ: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
    before: Sequence[str] = (),
) -> Iterator[Server]:
    """A server with these models loaded, one worker each, ended with the block. `arguments`, `before`: see `Server`."""
    (directory / "store").mkdir(parents=True)
    for name, code in models.items():
        pack(directory / "store" / f"{name}.mar", name, code)
    loaded = {"load_models": "all", "default_workers_per_model": "1"} if models else {}
    server = Server(directory, {**loaded, **(settings or {})}, environ, before, arguments)
    try:
        yield server
    finally:
        server.end()


def predict(server: Server, path: str, body: bytes | str = b"", method: str = "POST", **headers: str):
    """Ask the inference API; header names with _ for -."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.http.request(method, server.url("inference", path), content=body, headers=names)


def obey(server: Server, code: str):
    """Have the model `obey` run a text and answer what its last line says."""
    return predict(server, "/predictions/obey", code, content_type="text/plain")


def fields(answer) -> dict[str, list[str]]:
    """What the model `probe` says that its row was."""
    assert answer.status_code == 200, answer.text
    return answer.json()["fields"]


def error(answer) -> tuple[int, str, str]:
    """Status, type and message of an error, which must say its own status."""
    said = answer.json()
    assert list(said)[:3] == ["code", "type", "message"]
    assert said["code"] == answer.status_code
    return answer.status_code, said["type"], said["message"]


def talk(port: int, *pieces: bytes) -> bytes:
    """Send bytes as they are and read until the server closes the connection, which it must."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as client:
        for piece in pieces:
            client.sendall(piece)
        answer = bytearray()
        while piece := client.recv(65536):
            answer += piece
        return bytes(answer)


def read_head(client: socket.socket) -> bytes:
    """An answer's status line and headers, off a socket."""
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        assert byte, bytes(head)
        head += byte
    return bytes(head)


def site(directory: Path, text: str = "", **files: str) -> Path:
    """A directory with a store and a configuration file to start in; `files`: other .properties by name."""
    (directory / "store").mkdir(parents=True)
    (directory / "config.properties").write_text("model_store=store\ndisable_system_metrics=true\n" + text)
    for name, content in files.items():
        (directory / f"{name}.properties").write_text(content)
    return directory


def run_start(
    directory: Path, *words: str, environ: Mapping[str, str] | None = None, **how: Any
) -> "subprocess.CompletedProcess[str]":
    """`servescope start` to its end; for starts that must fail. `how`: more for `subprocess.run`."""
    return subprocess.run(
        [*COMMAND, "start", "--ncs", *words],
        cwd=directory,
        env=os.environ | {"TEMP": str(directory), "COLUMNS": "500"} | dict(environ or {}),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        **how,
    )


def begin_start(
    directory: Path, *words: str, settings: Mapping[str, str] | None = None, **how: Any
) -> "subprocess.Popen[Any]":
    """`servescope start` in a directory with a store, on ports of its own, under way. `how`: more for `subprocess.Popen`."""
    (directory / "config.properties").write_text(
        properties({**addresses(own_ports()), "model_store": "store", **(settings or {})})
    )
    command = [*COMMAND, "start", "--ncs", "--dt", *words]
    return subprocess.Popen(command, cwd=directory, env=os.environ | {"TEMP": str(directory)}, **how)


def stop(server: Server) -> int:
    """End a server as an operator does; its exit status."""
    server.process.send_signal(signal.SIGTERM)
    return server.process.wait(PATIENCE_S)


def log(server: Server, name: str) -> str:
    """A log file of the server."""
    return (server.directory / "logs" / name).read_text()


def json_lines(text: str) -> list[dict]:
    """The objects of a log of JSON lines."""
    return [json.loads(line) for line in text.splitlines()]
