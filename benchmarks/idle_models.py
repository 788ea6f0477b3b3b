"""A server with many registered models that nobody asks, and a scraper beside the load.

In: a server's management and metrics ports. Out: registered models without workers; scrapes, counted. Called by metrics.py.
"""

import http.client
import json
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rig.load import VoidRunError
from rig.stores import HANDLER

PLAIN = {"Accept": "text/plain;version=0.0.4"}
# What Prometheus 2.42 sends.
AS_PROMETHEUS = {
    "Accept": "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "Accept-Encoding": "gzip",
}


def _write_archive(path: Path) -> Path:
    """Without a model-config.yaml, which would ask for a worker."""
    model = {"modelName": "idle", "modelVersion": "1.0", "handler": "noop.py"}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", json.dumps({"runtime": "python", "model": model}))
        archive.writestr("noop.py", HANDLER)
    return path


def register(port: int, count: int, first: int = 0) -> None:
    """Register an archive as so many models, without workers, numbered from `first` on; the 0th takes it to the store.

    Raises VoidRunError where one is refused.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with tempfile.TemporaryDirectory(prefix="idle-") as room:
        source = _write_archive(Path(room) / "idle.mar").as_uri()
        for number in range(first, first + count):
            url = "idle.mar" if number else source
            connection.request("POST", f"/models?url={url}&model_name=idle{number}&initial_workers=0")
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise VoidRunError(f"registering idle{number}: {answer.status} {text[:200]!r}")
    connection.close()


def scrape(port: int, headers: dict[str, str]) -> int:
    """One scrape: the bytes of its body. Raises VoidRunError where it is no 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/metrics", headers=headers)
    answer = connection.getresponse()
    size = len(answer.read())
    connection.close()
    if answer.status != 200:
        raise VoidRunError(f"a scrape: {answer.status}")
    return size


@dataclass
class Scrapes:
    """What a scraper got: seconds and bytes of each scrape, and why it gave up, if it did."""

    seconds: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    error: Exception | None = None


@contextmanager
def scraping(port: int, headers: dict[str, str], interval_s: float = 1.0) -> Iterator[Scrapes]:
    """Scrape every second while the block runs. Raises what a scrape raised."""
    found, over = Scrapes(), threading.Event()

    def again() -> None:
        while not over.is_set():
            began = time.monotonic()
            try:
                found.sizes.append(scrape(port, headers))
            except Exception as error:
                found.error = error
                return
            found.seconds.append(time.monotonic() - began)
            over.wait(max(0.0, interval_s - found.seconds[-1]))

    thread = threading.Thread(target=again)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
    if found.error is not None:
        raise found.error
