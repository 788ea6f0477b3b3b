"""Large bodies with several front ends: they reach the handler to the byte, and the server's own process does not have them."""

import gzip
import hashlib
import json
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from integration.limited_server import rest
from integration.net_server import read_head
from integration.server import PATIENCE_S, Server, hang_up, pack, wait_until

pytestmark = pytest.mark.integration

MIB = 2**20
MOST = 40 * MIB  # that the owner may grow by while 200 MiB go through it

# Says what it has got, once its gate is open; a body `full` leaves its process without descriptors, `free` gives them back.
TOLD = """
import hashlib, json, os, pathlib, resource, time

NOTES = pathlib.Path(os.environ["NOTES"])
KEPT = []
BEFORE = resource.getrlimit(resource.RLIMIT_NOFILE)

def told(value):
    data = value if isinstance(value, (bytes, bytearray)) else json.dumps(value).encode()
    return [type(value).__name__, len(data), hashlib.sha256(data).hexdigest()]

def fill():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, BEFORE[1]))
    try:
        while True:
            KEPT.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass

def free():
    resource.setrlimit(resource.RLIMIT_NOFILE, BEFORE)
    while KEPT:
        os.close(KEPT.pop())

def handle(data, context):
    if not data:
        return None
    (NOTES / (context.model_name + ".began")).touch()
    while (NOTES / (context.model_name + ".shut")).exists():
        time.sleep(0.005)
    for row in data:
        if row.get("body") in (b"full", b"free"):
            {b"full": fill, b"free": free}[bytes(row["body"])]()
    return [{"size": len(data), "fields": {name: told(value) for name, value in row.items()}} for row in data]
"""


def pattern(size, seed=0):
    """Bytes that repeat after no power of two."""
    return (bytes((seed + number * 7) % 251 for number in range(251)) * (size // 251 + 1))[:size]


def told(data, kind="bytearray"):
    """What the handler says of it."""
    return [kind, len(data), hashlib.sha256(data).hexdigest()]


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A server with two front ends, and models."""
    server = Server(tmp_path_factory.mktemp("large"), {"front_ends": "2", "max_request_size": str(400 * MIB)})
    for name, batch in (("one", 1), ("three", 3)):
        archive = pack(server.store / f"{name}.mar", name, TOLD)
        assert server.register(archive, batch_size=batch, max_batch_delay=int(PATIENCE_S * 1000)).status_code == 200
    yield server
    server.end()


def ask(server, model="one", **what):
    """A new client's answer."""
    with httpx.Client(timeout=2 * PATIENCE_S) as client:
        return client.post(server.url("inference", f"/predictions/{model}"), **what)


def most_memory(pid):
    """That a process had at any time, bytes."""
    with open(f"/proc/{pid}/status") as status:
        (line,) = [line for line in status if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def bodies_held(process):
    """How many descriptors of bodies a process has."""
    found = 0
    for each in os.listdir(f"/proc/{process.pid}/fd"):
        try:
            found += "servescope-body" in os.readlink(f"/proc/{process.pid}/fd/{each}")
        except FileNotFoundError:
            continue
    return found


def owner(server):
    return psutil.Process(server.process.pid)


def nothing_held(server):
    """By any of its processes."""
    wait_until(lambda: not sum(map(bodies_held, [owner(server), *server.everybody()])), "bodies to be let go")


LARGE = pattern(200 * MIB)


def pieces():
    for start in range(0, len(LARGE), 1_000_003):
        yield LARGE[start : start + 1_000_003]


def raw():
    return {"content": LARGE, "headers": {"content-type": "application/octet-stream"}}, {"body": told(LARGE)}


def curls():
    """Which says that it is a form."""
    return (
        {"content": LARGE, "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"body": told(LARGE)},
    )


def chunked():
    return {"content": pieces(), "headers": {"content-type": "image/png"}}, {"body": told(LARGE)}


def multipart():
    half = len(LARGE) // 2
    parts = {"a": ("a.bin", LARGE[:half]), "small": ("s", b"few"), "b": ("b.bin", LARGE[half:])}
    found = {"a": told(LARGE[:half]), "b": told(LARGE[half:]), "small": told(b"few"), "text": told(b"so")}
    return {"files": parts, "data": {"text": "so"}}, found


def as_json():
    body = json.dumps({"text": "x" * (50 * MIB)}).encode()
    return {"content": body, "headers": {"content-type": "application/json"}}, {"body": told(body, "dict")}


def gzipped():
    headers = {"content-type": "application/octet-stream", "content-encoding": "gzip"}
    return {"content": gzip.compress(LARGE, 1), "headers": headers}, {"body": told(LARGE)}


def gzipped_to_little():
    """A compressed body that is small, and large without that."""
    large = bytes(50 * MIB)
    content = gzip.compress(large, 9)
    assert len(content) < 64 * 1024
    headers = {"content-type": "application/octet-stream", "content-encoding": "gzip"}
    return {"content": content, "headers": headers}, {"body": told(large)}


@pytest.mark.parametrize(
    "kind", [raw, curls, chunked, multipart, as_json, gzipped, gzipped_to_little], ids=lambda kind: kind.__name__
)
def test_what_the_handler_gets(wide, kind):
    """All of it; and the owner's memory has never had it."""
    asked, fields = kind()
    ask(wide, content=b"x")
    Path(f"/proc/{wide.process.pid}/clear_refs").write_text("5")  # what it had before is forgotten
    before = most_memory(wide.process.pid)
    answer = ask(wide, **asked)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"size": 1, "fields": fields}
    assert most_memory(wide.process.pid) - before < MOST
    nothing_held(wide)


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 131_072, 131_073, 300_000])
def test_around_the_limit(wide, size):
    """Of what travels in a message: nothing is lost or doubled."""
    body = pattern(size)
    with httpx.Client(timeout=PATIENCE_S) as client:
        for content in (
            body,
            iter([body[:7], body[7:-1], body[-1:]]),
            (body[at : at + 100] for at in range(0, size, 100)),
        ):
            headers = {"content-type": "image/png"}
            answer = client.post(wide.url("inference", "/predictions/one"), content=content, headers=headers)
            assert answer.json()["fields"] == {"body": told(body)}


def test_a_batch_of_large_and_small(wide):
    """Each has its own."""
    bodies = [pattern(3 * MIB, 1), b"little", pattern(100_000, 2)]
    with ThreadPoolExecutor(3) as threads:
        answers = [each.json() for each in threads.map(lambda body: ask(wide, "three", content=body), bodies)]
    assert answers == [{"size": 3, "fields": {"body": told(body)}} for body in bodies]
    nothing_held(wide)


@pytest.fixture
def shut(wide):
    """Models that wait until they are let go."""
    notes = [wide.notes / f"{name}.shut" for name in ("one", "three")]
    for each in notes:
        each.touch()
        each.with_suffix(".began").unlink(missing_ok=True)

    def let_go():
        for each in notes:
            each.unlink(missing_ok=True)

    yield let_go
    let_go()


def holder(server, client):
    """The front end that has a client's connection."""
    port = client.getsockname()[1]

    def found():
        for process in server.front_ends():
            if any(link.raddr and link.raddr.port == port for link in process.net_connections("tcp")):
                return process
        return None

    return wait_until(found, "the connection to be taken")


def answer_of(client):
    client.settimeout(PATIENCE_S)
    head = read_head(client)
    assert head.startswith(b"HTTP/1.1 200 "), head
    return json.loads(rest_of(client, head))


def rest_of(client, head):
    (length,) = [
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    ]
    data = b""
    while len(data) < length:
        data += client.recv(length - len(data))
    return data


def in_flight(server, model):
    return server.metrics("servescope_requests_in_flight", model_name=model)


def test_a_front_end_that_is_killed(wide, shut):
    """Its requests are lost, and their batch neighbours get what they asked for, also with what lies in memory of both."""
    with ExitStack() as stack:
        port = wide.ports["inference"]
        bodies = [pattern(2 * MIB, seed) for seed in range(6)]
        clients = [stack.enter_context(hang_up(port, "/predictions/three", body)) for body in bodies]
        wait_until(lambda: in_flight(wide, "three") == 6)  # three with the worker, three behind them
        doomed = holder(wide, clients[0])
        lost = [client for client in clients if holder(wide, client) == doomed]
        assert bodies_held(owner(wide)) == 6
        assert sum(map(bodies_held, wide.front_ends())) == 6
        os.kill(doomed.pid, signal.SIGKILL)
        for client in lost:
            client.settimeout(PATIENCE_S)
            assert rest(client) == b""
        wait_until(lambda: in_flight(wide, "three") == 6 - len(lost))
        for _ in range(-int(wide.metrics("servescope_queue_depth", model_name="three")) % 3):  # to fill the last batch
            stack.enter_context(hang_up(port, "/predictions/three", b"x"))
        shut()
        for client, body in zip(clients, bodies, strict=True):
            if client not in lost:
                assert answer_of(client)["fields"] == {"body": told(body)}
    wait_until(lambda: in_flight(wide, "three") == 0)
    wait_until(lambda: wide.metrics("servescope_front_ends", state="serving") == 2)
    nothing_held(wide)


def test_a_worker_that_is_killed(wide, shut):
    """What it had begun on fails; what it had not is another's, with all of its body."""
    port = wide.ports["inference"]
    first, second = pattern(2 * MIB, 3), pattern(2 * MIB, 4)
    with hang_up(port, "/predictions/one", first) as begun:
        wait_until((wide.notes / "one.began").exists, "it to begin")
        with hang_up(port, "/predictions/one", second) as waiting:
            wait_until(lambda: in_flight(wide, "one") == 2)
            described = wide.manage("GET", "/models/one").json()[0]
            os.kill(described["workers"][0]["pid"], signal.SIGKILL)
            begun.settimeout(PATIENCE_S)
            assert read_head(begun).startswith(b"HTTP/1.1 5")
            shut()
            assert answer_of(waiting)["fields"] == {"body": told(second)}
    nothing_held(wide)


def test_a_worker_without_descriptors(wide):
    """Fails what it cannot read, and nothing that is in the same batch."""

    def batch(*bodies):
        with ThreadPoolExecutor(3) as threads:
            return list(threads.map(lambda body: ask(wide, "three", content=body), bodies))

    large = pattern(2 * MIB, 5)
    assert [each.status_code for each in batch(b"full", b"a", b"b")] == [200] * 3
    refused, small, other = batch(large, b"a", b"b")
    assert (refused.status_code, small.json()["fields"], other.json()["size"]) == (500, {"body": told(b"a")}, 2)
    assert "The worker cannot read the request's body: [Errno 24] Too many open files" in refused.json()["message"]
    assert [each.status_code for each in batch(large, large, large)] == [500] * 3
    assert [each.status_code for each in batch(b"free", b"a", b"b")] == [200] * 3
    assert batch(large, b"a", b"b")[0].json() == {"size": 3, "fields": {"body": told(large)}}
    nothing_held(wide)


def test_nothing_is_left_of_many(wide):
    """Two hundred that are answered, and as many whose clients leave in the middle of them."""
    body = pattern(200_000, 6)
    port = wide.ports["inference"]
    head = b"POST /predictions/one HTTP/1.1\r\nhost: h\r\ncontent-length: 400000\r\n\r\n"
    with httpx.Client(timeout=PATIENCE_S) as client:
        for _ in range(200):
            answer = client.post(wide.url("inference", "/predictions/one"), content=body)
            assert answer.json()["fields"] == {"body": told(body)}
            with socket.create_connection(("127.0.0.1", port)) as half:
                half.sendall(head + body)
    nothing_held(wide)
    wait_until(lambda: in_flight(wide, "one") == 0)


@pytest.mark.parametrize("whose", ["front ends", "the owner"])
def test_few_descriptors(wide, whose):
    """Where more than half are in use, bodies go the way that they go with one process, and not less whole."""
    processes = wide.front_ends() if whose == "front ends" else [owner(wide)]
    before = [process.rlimit(psutil.RLIMIT_NOFILE) for process in processes]
    body = pattern(5 * MIB, 7)
    try:
        for process, (_, hard) in zip(processes, before, strict=True):
            taken = {int(each) for each in os.listdir(f"/proc/{process.pid}/fd")}
            process.rlimit(psutil.RLIMIT_NOFILE, (2 * min(set(range(max(taken) + 2)) - taken), hard))
        for _ in range(2):  # one of each
            assert ask(wide, content=body).json()["fields"] == {"body": told(body)}
    finally:
        for process, limits in zip(processes, before, strict=True):
            process.rlimit(psutil.RLIMIT_NOFILE, limits)
    nothing_held(wide)
