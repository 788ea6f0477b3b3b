"""Clients that leave, wherever their request is by then, or do not read: each counted once, and nobody works for them any more."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from grpc_clients.calls import PATIENCE_S, refused
from grpc_clients.conftest import Client
from grpc_clients.hostile.conftest import channel_of, counted
from grpc_clients.needed import needed
from integration.server import Server, wait_until

grpc = needed("grpc")

pytestmark = pytest.mark.integration

Hostile = tuple[Server, Client]
METHOD = "/org.pytorch.serve.grpc.inference.InferenceAPIsService/StreamPredictions"
MIB = 1024 * 1024


def waiting(server: Server) -> float:
    """How many of its requests are in the queue."""
    return server.metrics("servescope_queue_depth", model_name="work") or 0.0


def slow_down(server: Server, client: Client, name: str) -> None:
    """Have the worker answer slowly once. One that is always quick is given calls ahead, and these are in no queue."""
    call = client.inference.Predictions.future(client.asks("work", do=b"gate", n=name.encode()), timeout=PATIENCE_S)
    wait_until((server.notes / f"{name}.began").exists, "the handler")
    (server.notes / f"{name}.go").touch()
    assert call.result().prediction == b"done"


def resting(server: Server, model: str = "work") -> bool:
    """Nothing waits and nothing is in hand."""
    families = ("servescope_requests_in_flight", "servescope_queue_depth")
    return not any(server.metrics(family, model_name=model) for family in families)


def test_in_the_queue(hostile: Hostile):
    """Cancelled and late: none of them comes to the handler."""
    server, client = hostile
    slow_down(server, client, "queue0")
    before, predict = counted(server, 499), client.inference.Predictions
    gate = predict.future(client.asks("work", do=b"gate", n=b"queue"), timeout=2 * PATIENCE_S)
    wait_until((server.notes / "queue.began").exists, "the handler")
    cancelled = [predict.future(client.asks("work", n=b"cancelled"), timeout=PATIENCE_S) for _ in range(20)]
    wait_until(lambda: waiting(server) == 20, "the queue")
    for call in cancelled:
        call.cancel()
    wait_until(lambda: counted(server, 499) == before + 20, "those that were cancelled")
    late = [predict.future(client.asks("work", n=b"late"), timeout=0.5) for _ in range(20)]
    assert {call.code() for call in late} == {grpc.StatusCode.DEADLINE_EXCEEDED}
    wait_until(lambda: waiting(server) == 0, "an empty queue")
    assert before + 20 <= counted(server, 499) <= before + 40  # on a busy machine some are late before they are sent
    (server.notes / "queue.go").touch()
    assert gate.result().prediction == b"done"
    wait_until(lambda: resting(server), "rest")
    seen = (server.notes / "seen").read_text().split()
    assert not {"cancelled", "late"} & set(seen)


def test_in_a_stream(hostile: Hostile):
    """After a piece: by cancelling, and by closing the connection."""
    server, client = hostile
    before = counted(server, 499)
    for number, leave in enumerate((lambda call, _: call.cancel(), lambda _, channel: channel.close())):
        (server.notes / "enough").unlink(missing_ok=True)
        channel = channel_of(client)
        stub = client.stubs["inference"].InferenceAPIsServiceStub(channel)
        call = stub.StreamPredictions(client.asks("work", do=b"pieces", n=b"100000"), timeout=2 * PATIENCE_S)
        assert len(next(call).prediction) == 100_000
        leave(call, channel)
        wait_until(lambda number=number: counted(server, 499) == before + number + 1, "the one that left")
        (server.notes / "enough").touch()
        wait_until(lambda: resting(server), "rest")


def test_a_stream_that_nobody_reads(hostile: Hostile):
    """It is broken off when 32 MiB wait, and the server's memory does not grow beyond that."""
    server, client = hostile
    (server.notes / "enough").unlink(missing_ok=True)
    before, size = counted(server, 499), resident(server)
    channel = channel_of(client)
    stub = client.stubs["inference"].InferenceAPIsServiceStub(channel)
    call = stub.StreamPredictions(client.asks("work", do=b"pieces", n=b"5000"), timeout=2 * PATIENCE_S)
    assert len(next(call).prediction) == 100_000
    wait_until(lambda: counted(server, 499) == before + 1, "the end of it")
    (server.notes / "enough").touch()
    wait_until(lambda: resting(server), "rest")
    assert resident(server) - size < 200 * MIB
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    assert caught.value.code() is grpc.StatusCode.CANCELLED
    assert "reads too slowly" in caught.value.details()


def resident(server: Server) -> int:
    """Bytes of the front end's memory."""
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _ask_many(port: int, path: str, asked: bytes, count: int) -> None:
    import grpc

    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    calls = [channel.unary_unary(path).future(asked) for _ in range(count)]
    for call in calls:
        call.result()


def test_a_client_that_is_killed(hostile: Hostile):
    """With all its calls: one in the worker, the others in the queue."""
    server, client = hostile
    slow_down(server, client, "killed0")
    before = counted(server, 499)
    path = METHOD.replace("StreamPredictions", "Predictions")
    asked = client.asks("work", do=b"gate", n=b"killed").SerializeToString()
    arguments = (client.ports[0], path, asked, 20)
    process = multiprocessing.get_context("spawn").Process(target=_ask_many, args=arguments, daemon=True)
    process.start()
    wait_until(lambda: waiting(server) == 19, "its calls")
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    wait_until(lambda: counted(server, 499) == before + 20, "all of them")
    (server.notes / "killed.go").touch()
    wait_until(lambda: resting(server), "rest")


def test_a_worker_that_is_killed(hostile: Hostile):
    """Its call has an answer, in words; the next one is served by the worker that comes after it."""
    server, client = hostile
    gate = client.inference.Predictions.future(client.asks("work", do=b"gate", n=b"worker"), timeout=2 * PATIENCE_S)
    wait_until((server.notes / "worker.began").exists, "the handler")
    (model,) = server.http.get(server.url("management", "/models/work")).json()
    os.kill(model["workers"][0]["pid"], signal.SIGKILL)
    assert gate.code() is grpc.StatusCode.RESOURCE_EXHAUSTED  # of 507, as TorchServe has it
    assert gate.details().startswith("Worker died.")
    wait_until(lambda: server.ping() == 200, "another worker")
    assert client.inference.Predictions(client.asks("work"), timeout=PATIENCE_S).prediction == b"[]"


def test_a_deadline_that_is_over_already(hostile: Hostile):
    """DEADLINE_EXCEEDED, and the server goes on."""
    _, client = hostile
    with pytest.raises(grpc.RpcError) as caught:
        client.inference.Predictions(client.asks("work"), timeout=-1)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert client.inference.Predictions(client.asks("work"), timeout=PATIENCE_S).prediction == b"[]"
    assert refused(client.inference.Predictions, client.asks(""))[0] is grpc.StatusCode.INVALID_ARGUMENT
