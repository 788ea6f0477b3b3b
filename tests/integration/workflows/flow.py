"""A workflow that a test has put into a server, and what its nodes do.

Nodes and tests agree on what happens when through files in a directory of notes, so that no test has to guess how long something
takes.
"""

import itertools
import json
import zipfile
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path

import httpx

from integration.scrape import Scrape
from integration.server import Server, wait_until

_numbers = itertools.count(1)

# Functions by what they do. Each notes its calls in `{notes}/{node}`.
HANDLER = """
import json, os, pathlib, time

NOTES = pathlib.Path(os.environ["NOTES"])

def rows(data):
    return [{name: bytes(value).decode() for name, value in row.items()} for row in data]

def noted(node, context):
    notes = NOTES / context.model_name.split("__")[0]
    notes.mkdir(exist_ok=True)
    with open(notes / node, "a") as file:
        file.write("x")
    return len((notes / node).read_text()), notes

def same(data, context):
    return data and [row["body"] for row in rows(data)]

def left(data, context):
    return data and ["left " + row["body"] for row in rows(data)]

def right(data, context):
    return data and ["right " + row["body"] for row in rows(data)]

def record(data, context):
    return data and [{"said": row["body"]} for row in rows(data)]

def stream(data, context):
    if data is None:
        return None
    from ts.protocol.otf_message_handler import send_intermediate_predict_response
    size = int(rows(data)[0]["body"])
    for _ in range(6):
        send_intermediate_predict_response(["a" * size], context.request_ids, "ok", 200, context)
    return ["b"]

def nan(data, context):
    return data and [{"n": float("nan")} for row in data]

def deep(data, context):
    return data and ["[" * 985 + "]" * 985 for row in data]

def bytes_(data, context):
    return data and [b"\\xff\\xfe" for row in data]

def join(data, context):
    return data and [json.dumps(row) for row in rows(data)]

def headers(data, context):
    return data and [json.dumps({name: context.get_request_header(0, name) for name in ("x-mine", "traceparent")})]

def ids(data, context):
    return data and [context.get_request_id(0)]

def fails(data, context):
    if data is None:
        return None
    noted("fails", context)
    raise ValueError("as asked")

def flaky(data, context):
    if data is None:
        return None
    if noted("flaky", context)[0] <= 2:
        raise ValueError("not yet")
    return ["flaky " + row["body"] for row in rows(data)]

def dies(data, context):
    if data is None:
        return None
    if noted("dies", context)[0] == 1:
        os._exit(3)
    return ["lives " + row["body"] for row in rows(data)]

def teapot(data, context):
    if data is None:
        return None
    context.set_response_status(code=418, idx=0)
    return ["short and stout" for row in data]

def held(data, context):
    if data is None:
        return None
    times, notes = noted("held", context)
    (notes / "began").touch()
    while rows(data)[0]["body"].startswith("gate") and not (notes / "go").exists():
        time.sleep(0.005)
    return ["held " + row["body"] for row in rows(data)]
"""


def pack_war(
    path: Path,
    name: str,
    spec: str,
    handler: str | None = HANDLER,
    files: Mapping[str, str | bytes] | None = None,
    **fields: object,
) -> Path:
    """Write a workflow's archive; `fields` go into the manifest's workflow."""
    workflow = {"workflowName": name, "specFile": "spec.yaml", **({"handler": "flow.py"} if handler else {}), **fields}
    manifest = {"createdOn": "01/01/2026 00:00:00", "workflow": workflow, "archiverVersion": "0.2.15"}
    members = {"spec.yaml": spec, **({"flow.py": handler} if handler else {}), **(files or {})}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("WAR-INF/MANIFEST.json", json.dumps(manifest))
        for member, text in members.items():
            archive.writestr(member, text)
    return path


def spec_of(dag: Mapping[str, list[str]], **models: object) -> str:
    """The YAML of a specification, which JSON is. `models`: options, with hyphens for underscores, and models."""
    return json.dumps({"models": {key.replace("_", "-"): value for key, value in models.items()}, "dag": dag})


class Flow:
    """A workflow in a server."""

    def __init__(self, server: Server, name: str | None = None) -> None:
        self.server = server
        self.name = name or f"flow{next(_numbers)}"
        self.notes = server.notes / self.name

    def register(self, spec: str, **how: object) -> httpx.Response:
        """Pack it and register it."""
        archive = pack_war(self.server.store / f"{self.name}.war", self.name, spec, **how)  # type: ignore[arg-type]
        return self.server.manage("POST", "/workflows", url=archive.name)

    def ask(self, body: str = "hello", **headers: str) -> httpx.Response:
        """Ask it, and wait for the answer."""
        url = self.server.url("inference", f"/wfpredict/{self.name}")
        return self.server.http.post(url, content=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def send(self, body: str) -> "Future[httpx.Response]":
        """Ask it on a thread."""
        return self.server.threads.submit(self.ask, body)

    def hold(self) -> "Future[httpx.Response]":
        """Have the node `held` at work until `open`."""
        answer = self.send("gate")
        self.began()
        return answer

    def began(self) -> None:
        """Wait until the node `held` is at work."""
        wait_until((self.notes / "began").exists, "held to begin")

    def open(self) -> None:
        """Let it go on."""
        (self.notes / "go").touch()

    def pending(self, node: str) -> int:
        """How many requests wait in a node's queue."""
        (described,) = self.server.manage("GET", f"/models/{self.name}__{node}").json()
        return int(described["jobQueueStatus"]["pendingRequests"])

    def calls(self, node: str) -> int:
        """How often a node was called that notes it."""
        path = self.notes / node
        return len(path.read_text()) if path.exists() else 0

    def delete(self) -> httpx.Response:
        """Unregister it."""
        return self.server.manage("DELETE", f"/workflows/{self.name}")

    def failure(self, answer: httpx.Response) -> str:
        """The words of a 500."""
        said = answer.json()
        assert (answer.status_code, said["code"], said["type"]) == (500, 500, "InternalServerException"), answer.text
        return str(said["message"])

    def scrape(self) -> Scrape:
        """What is measured of it, and of its nodes' models."""
        return Scrape(self.server.http.get(self.server.url("metrics", "/metrics")).text, only=f'"{self.name}')

    def settled(self, requests: int) -> Scrape:
        """The same, once so many of its requests are counted: who hung up is counted a moment later."""
        wait_until(lambda: self.scrape().total("servescope_requests_total", model_name=self.name) == requests)
        return self.scrape()
