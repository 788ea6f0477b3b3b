"""A server that may have few files and connections open, and clients that do only half of what they should."""

import os
import resource
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from integration.server import PATIENCE_S, Server, pack

HALF = b"GET /ping HTTP/1.1\r\nhost: "


class LimitedServer(Server):
    """See `Server`. `files`: the soft and the hard limit."""

    def __init__(self, directory: Path, settings: Mapping[str, str], files: tuple[int, int]) -> None:
        self._files = files
        super().__init__(directory, settings)

    def _launch(self, *words: str, **how: Any) -> Any:
        return super()._launch(
            *words, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, self._files), **how
        )

    def allow(self, files: int) -> None:
        """Change the soft limit while it runs."""
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (files, self._files[1]))

    @property
    def open_files(self) -> int:
        """How many it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


@contextmanager
def limited(
    directory: Path,
    models: Mapping[str, str],
    settings: Mapping[str, str] | None = None,
    files: tuple[int, int] = (128, 128),
) -> Iterator[LimitedServer]:
    """Such a server with these models loaded, one worker each, ended with the block."""
    (directory / "store").mkdir(parents=True)
    for name, code in models.items():
        pack(directory / "store" / f"{name}.mar", name, code)
    loaded = {"load_models": "all", "default_workers_per_model": "1", "front_ends": "1"}  # each may have as many as all
    server = LimitedServer(directory, {**loaded, **(settings or {})}, files)
    try:
        yield server
    finally:
        server.end()


@contextmanager
def crowd(port: int, count: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """So many connections that each have sent this and say no more."""
    with ExitStack() as stack:
        clients = []
        for _ in range(count):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S))
            client.sendall(sent)
            clients.append(client)
        yield clients


def rest(client: socket.socket) -> bytes:
    """What comes until the server ends the connection, which it must."""
    answer = bytearray()
    try:
        while piece := client.recv(65536):
            answer += piece
    except ConnectionResetError:
        pass
    return bytes(answer)


def is_open(client: socket.socket) -> bool:
    """Whether the server has neither ended the connection nor said anything."""
    client.setblocking(False)
    try:
        return client.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    finally:
        client.settimeout(PATIENCE_S)
