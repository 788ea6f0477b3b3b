"""servescope_requests_total{transport="grpc"} by code is exactly what gRPC's clients counted, whatever goes wrong in between."""

import asyncio
import os
import random
import signal
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from grpc_clients.calls import PATIENCE_S
from grpc_clients.needed import needed
from grpc_clients.truth.client import Call, drive
from integration.conftest import deployment
from integration.deployed import Deployed
from integration.server import Server, free_ports, grpc_settings
from truth.books import Books
from truth.comparison import REQUESTS, assert_same_counts, at_rest, of_model
from truth.conftest import amount, seeded
from truth.handlers import WORK
from truth.leaving import after, after_a_piece, until

grpc = needed("grpc")

from servescope.web.grpc.protos.messages import KSERVE, Messages  # noqa: E402  # needs protobuf

pytestmark = pytest.mark.integration

Rig = tuple[Server, int, tuple[ModuleType, ModuleType]]
TENSORS = """
import time

def handle(data, context):
    if data is None:
        return None
    time.sleep(0.002)
    return [one["data"] for one in data]
"""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, compiled: Any) -> Iterator[Rig]:
    """A server, its port for gRPC, and messages and stubs of inference.proto."""
    inference, management = free_ports(2)
    server = Server(tmp_path_factory.mktemp("grpc_truth"), grpc_settings((inference, management)))
    yield server, inference, (compiled[0]["inference"], compiled[1]["inference"])
    server.end()


@pytest.fixture
def model_of(rig: Rig) -> Iterator[Callable[..., Deployed]]:
    """Register a model that does what its requests say, or another handler's."""
    with deployment(rig[0]) as register:
        yield lambda code=WORK, config="", **query: register(code, config, **query)


def load(rig: Rig, asks: list[Call], clients: int, meanwhile: Callable[[Books], Any] | None = None) -> Books:
    """Drive these calls, with something beside them that ends by itself."""
    books = Books()

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(drive(rig[1], books, rig[2], asks, clients))
            if meanwhile is not None:
                group.create_task(meanwhile(books))

    asyncio.run(main())
    return books


def drawn_calls(drawn: random.Random, model: Deployed, count: int) -> list[Call]:
    """Of every kind: whole, in pieces, refused, failing, late, and left before and within the answer."""
    found = []
    for _ in range(count):
        body = drawn.choice(
            [
                b"size %d" % drawn.randrange(90_000),
                b"stream 3",
                b"refuse %d" % drawn.choice([400, 404, 409, 500]),
                b"raise x",
                b"sleep 0.01",
            ]
        )
        chance = drawn.random()
        if chance < 0.1:
            found.append(Call(model.name, b"sleep 0.05", leave=after(drawn.random() * 0.1)))
        elif chance < 0.2:
            found.append(Call(model.name, b"sleep 0.05", deadline_s=0.001 + drawn.random() * 0.1))
        elif chance < 0.3:
            found.append(Call(model.name, b"stream 50", leave=after_a_piece, pieces=True))
        else:
            found.append(Call(model.name, body, pieces=drawn.random() < 0.5))
    return found


def test_plain_load(rig: Rig, model_of: Callable[..., Deployed]):
    """Eight clients, answers of all sizes: codes, bytes of messages in and out are the clients' own, and none is REST's."""
    model, drawn = model_of(), seeded()
    asks = [
        Call(model.name, b"size %d" % drawn.randrange(9000), pieces=drawn.random() < 0.3) for _ in range(amount(400))
    ]
    books = load(rig, asks, 8)
    now = at_rest(rig[0], model)
    assert books.codes() == {"200": len(asks)}
    assert_same_counts(now, model, books)
    assert {kind for kind, count in now.by("transport", REQUESTS, model_name=model.name).items() if count} == {"grpc"}
    for family, own in (
        ("servescope_request_bytes", sum(entry.sent_bytes for entry in books.entries)),
        ("servescope_response_bytes", sum(len(entry.body) for entry in books.entries)),
    ):
        assert now.value(f"{family}_sum", model_name=model.name) == own


@pytest.mark.parametrize("batch_size", [1, 4])
def test_everything_at_once(rig: Rig, model_of: Callable[..., Deployed], batch_size: int):
    """Sixteen clients that are answered, refused and failed, run out of time, and leave wherever they are by then."""
    model = model_of(batch_size=batch_size, max_batch_delay=2, initial_workers=2)
    books = load(rig, drawn_calls(seeded(), model, amount(400)), 16)
    early = [
        entry for entry in books.of("hung up") if entry.first is None
    ]  # some of them before their call was on the wire
    assert_same_counts(at_rest(rig[0], model), model, books, unsent=len(early))


def test_workers_killed(rig: Rig, model_of: Callable[..., Deployed]):
    """SIGKILL to a worker, again and again, while both have calls in hand: every call is counted once."""
    model, drawn = model_of(initial_workers=2), seeded()

    async def kill(books: Books) -> None:
        for number in range(1, 6):
            await books.ended(number * amount(30))
            pid = drawn.choice(await until(model.pids, "a worker"))
            os.kill(pid, signal.SIGKILL)

    asks = [Call(model.name, b"sleep 0.01", pieces=drawn.random() < 0.5) for _ in range(amount(300))]
    books = load(rig, asks, 12, kill)
    assert_same_counts(at_rest(rig[0], model), model, books)


def test_connections_lost(rig: Rig, model_of: Callable[..., Deployed]):
    """Clients that close their connections with calls in the queue, in the worker, and in a stream."""
    model = model_of()
    books = Books()

    async def leave_at_once() -> None:
        for _ in range(amount(5)):
            calls = [Call(model.name, b"sleep 0.02") for _ in range(10)] + [Call(model.name, b"stream 20", pieces=True)]
            tasks = [asyncio.ensure_future(drive(rig[1], books, rig[2], [call], 1)) for call in calls]
            await books.ended(len(books.of("answered")) + 2)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    asyncio.run(leave_at_once())
    now = at_rest(rig[0], model)
    said = {code: int(value) for code, value in now.by("code", REQUESTS, model_name=model.name).items() if value}
    assert set(said) <= {"200", "499"}
    assert said["200"] >= len(books.of("answered"))
    assert sum(said.values()) <= len(books.entries)  # some had not yet been sent


def test_streams_of_tensors(rig: Rig, model_of: Callable[..., Deployed]):
    """ModelStreamInfer: each request of a stream that was read to its end is counted once, by the answer that its client got."""
    model = model_of(TENSORS, "v2:\n")
    method, single = Messages().methods(KSERVE)["ModelStreamInfer"], Messages().methods(KSERVE)["ModelInfer"]
    books: dict[str, int] = {"200": 0, "400": 0}

    def asking(number: int) -> bytes:
        asked = single.request(model_name=model.name, id=str(number))
        tensor = asked.inputs.add(name="x", datatype="INT64", shape=[1 if number % 5 else 2])
        tensor.contents.int64_contents.append(number)
        data: bytes = asked.SerializeToString()
        return data

    with grpc.insecure_channel(f"127.0.0.1:{rig[1]}") as channel:
        call = channel.stream_stream(method.path, None, method.response.FromString)
        streams = [call(map(asking, range(amount(50))), timeout=2 * PATIENCE_S) for _ in range(6)]
        for stream in streams:
            for number, answer in enumerate(stream):
                assert answer.infer_response.id == str(number)
                books["400" if answer.error_message else "200"] += 1
    now = at_rest(rig[0], model)
    said = {code: int(value) for code, value in now.by("code", REQUESTS, model_name=model.name).items() if value}
    assert said == books == {"200": 6 * amount(40), "400": 6 * amount(10)}
    assert of_model(rig[0], model).value("servescope_queue_depth", model_name=model.name) == 0
