"""Large bodies that say whose they are, and handlers that hold them against what the request's headers say, and note it: also
where nobody waits for the answer any more.
"""

import inspect
import os
import socket
from collections import Counter
from contextlib import suppress

import httpx
import psutil

from integration.server import PATIENCE_S, pack, wait_until

MIB = 2**20
MODELS = ("plain", "batched", "tasks")


def body_of(number, size):
    """Which request's it is, again and again; the headers, which do not lie in that memory, say it too."""
    word = b"%d of %d bytes. " % (number, size)
    return (word * (size // len(word) + 1))[:size]


HANDLER = (
    """
import json, os, pathlib, time

NOTES = pathlib.Path(os.environ["NOTES"])
"""
    + inspect.getsource(body_of)
    + """
def check(data, context):
    answers = []
    for index, row in enumerate(data):
        number, size = (int(context.get_request_header(index, name)) for name in ("x-number", "x-size"))
        right = bytes(row["body"]) == body_of(number, size)
        with open(NOTES / f"{context.model_name}.{os.getpid()}.seen", "a") as seen:
            seen.write(f"{number} {right} {bytes(row['body'][:40])}\\n")
        answers.append(json.dumps([number, right]))
    return answers
"""
)
PLAIN = (
    HANDLER
    + """
def handle(data, context):
    if data:
        time.sleep(int(context.get_request_header(0, "x-number")) % 7 / 300)
        return check(data, context)
"""
)
TASKS = (
    HANDLER
    + """
import asyncio

async def handle(data, context):
    if data:
        await asyncio.sleep(int(context.get_request_header(0, "x-number")) % 7 / 50)
        return check(data, context)
"""
)


def register(server, name, kind, **query):
    code = TASKS if kind == "tasks" else PLAIN
    query = {"batch_size": 3 if kind == "batched" else 1, "max_batch_delay": 5, "response_timeout": 60} | query
    assert server.register(pack(server.store / f"{name}.mar", name, code), **query).status_code == 200


def pids(server, model):
    (described,) = server.manage("GET", f"/models/{model}").json()
    return [worker["pid"] for worker in described["workers"] if worker["pid"]]


def in_flight(server, model):
    return server.metrics("servescope_requests_in_flight", model_name=model)


def seen(server, model="*"):
    """What handlers have said: (number, whether it was right, how it began)."""
    lines = [line for path in server.notes.glob(f"{model}.*.seen") for line in path.read_text().splitlines()]
    return [line.split(" ", 2) for line in lines]


def wrong(server):
    return [line for line in seen(server) if line[1] != "True"]


def bodies_of(process):
    """The memory of bodies that a process has, by inode."""
    found = Counter()
    for each in os.listdir(f"/proc/{process.pid}/fd"):
        path = f"/proc/{process.pid}/fd/{each}"
        with suppress(FileNotFoundError):
            if "servescope-body" in os.readlink(path):
                found[os.stat(path).st_ino] += 1
    return found


def nothing_held(server):
    processes = [psutil.Process(server.process.pid), *server.everybody()]
    wait_until(lambda: not sum((bodies_of(each) for each in processes if each.is_running()), Counter()), "bodies to go")


def sent(server, model, number, size, cut=None):
    """A client that has sent a request, or the first `cut` bytes of its body, and reads nothing."""
    client = socket.create_connection(("127.0.0.1", server.ports["inference"]))
    head = f"POST /predictions/{model} HTTP/1.1\r\nhost: h\r\nx-number: {number}\r\nx-size: {size}\r\ncontent-length: {size}"
    client.sendall(head.encode() + b"\r\n\r\n" + body_of(number, size)[:cut])
    return client


def ask(client, server, model, number, size, *, chunks=False):
    body = body_of(number, size)
    content = (body[at : at + 50_000] for at in range(0, size, 50_000)) if chunks else body
    headers = {"x-number": str(number), "x-size": str(size), "content-type": "application/octet-stream"}
    return client.post(server.url("inference", f"/predictions/{model}"), content=content, headers=headers)


def overwrite(server, start, count, sizes=(2 * MIB, 70_000, 3 * MIB)):
    """Bodies of others, through both front ends, so many that all memory that may be used again is."""
    for _ in range(2):  # a connection each
        with httpx.Client(timeout=PATIENCE_S) as client:
            for number in range(start, start + count):
                size = sizes[number % len(sizes)]
                assert ask(client, server, "calm", number, size).json() == [number, True]
        start += count
