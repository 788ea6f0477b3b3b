"""A model that a test has put into a server, for the fixtures of `conftest`.

Handlers and tests agree on what happens when through empty files in a directory of notes, so that no test has to guess
how long something takes.
"""

from concurrent.futures import Future
from typing import Any

import httpx

from integration.server import Server, wait_until

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

# Loads at the third try; `{error}` is what it raises at the others.
FLAKY = """
import os, pathlib, time
NOTES = pathlib.Path(os.environ["NOTES"])

class Flaky:
    def initialize(self, context):
        notes = NOTES / context.model_name
        with open(notes / "loads", "a") as loads:
            loads.write("load\\n")
        tries = len((notes / "loads").read_text().splitlines())
        if tries < 3:
            raise {error}

    def handle(self, data, context):
        return ["up"] * len(data)
"""


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

    def delete(self) -> "Future[httpx.Response]":
        """Unregister it on a thread; new requests find it no more."""
        answer = self.server.threads.submit(self.server.manage, "DELETE", f"/models/{self.name}")
        wait_until(self.leaves, f"{self.name} to be unregistered")
        return answer

    def leaves(self) -> bool:
        """Whether it is gone, or described as one that finishes what it has."""
        said = self.server.manage("GET", f"/models/{self.name}")
        return said.status_code == 404 or "unloading" in said.json()[0]

    def pids(self) -> list[int]:
        """The processes of its workers that can take work."""
        return [worker["pid"] for worker in self.describe()["workers"] if worker["status"] == "READY"]
