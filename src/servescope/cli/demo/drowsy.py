"""The demo's model that can be slowed: packed, asked at a steady pace, and switched.

In: the demo's folder. Out: an archive, an environment variable for the server, and requests for as long as a block lasts.
Used by `demo` and `demo_alerts`.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servescope.cli.demo.digits import DemoError, example_folder, pack_example

NAME = "drowsy"
SWITCH_VARIABLE = "DROWSY_FILE"
CLIENTS = 8
_PAUSE_S = 0.2


def switch(folder: Path) -> Path:
    """The file that makes the model slow while it exists."""
    return folder / NAME


def pack(store: Path) -> Path:
    """Pack the example; the archive's path."""
    return pack_example(NAME, example_folder().parent / NAME, store)


@dataclass(frozen=True)
class Load:
    """Clients at work."""

    clients: "tuple[Future[None], ...]"

    def check(self) -> None:
        """Raise the DemoError of a client that got no answer."""
        for client in self.clients:
            if client.done():
                client.result()


@contextmanager
def load(url: str) -> Iterator[Load]:
    """Ask the model from several connections, each five times a second while it answers in time; ended with the block."""
    ended = threading.Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        try:
            yield Load(tuple(pool.submit(_client, url, ended) for _ in range(CLIENTS)))
        finally:
            ended.set()


def _client(url: str, ended: threading.Event) -> None:
    """Ask at a pace, not after a pause: a slow answer does not make the next request later than it must."""
    import httpx

    with httpx.Client(timeout=60, trust_env=False) as client:
        due = time.monotonic()
        while not ended.wait(max(due - time.monotonic(), 0)):
            due = max(due + _PAUSE_S, time.monotonic())
            try:
                answer = client.post(url, content=b"hello")
            except httpx.TransportError as error:
                raise DemoError(f"{url} does not answer: {error}") from error
            if answer.status_code != httpx.codes.OK:
                raise DemoError(f"{url} answered {answer.status_code}: {answer.text}")
