"""A server for clients that do what they should not, and a model that does what it is told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grpc_clients.conftest import Client
from grpc_clients.needed import needed
from integration.server import Server, free_ports, grpc_settings, pack, wait_until

# do: gate, size, raise, pieces, status, length, keys; n: its argument. Notes who came to it in `seen`.
WORK = """
import json, os, pathlib, time
from ts.handler_utils.utils import send_intermediate_predict_response
from ts.utils.util import PredictionException

NOTES = pathlib.Path(os.environ["NOTES"])

def handle(data, context):
    if data is None:
        return None
    row = data[0]
    word, argument = bytes(row.get("do", b"keys")).decode(), bytes(row.get("n", b"0")).decode()
    if word == "gate":
        (NOTES / f"{argument}.began").touch()
        while not (NOTES / f"{argument}.go").exists():
            time.sleep(0.002)
    with open(NOTES / "seen", "a") as seen:
        seen.write(argument + "\\n")
    if word == "size":
        return [b"x" * int(argument)]
    if word == "raise":
        raise PredictionException(argument * 20_000 if argument != "half" else "a\\ud800b", 400)
    if word == "pieces":
        for number in range(int(argument)):
            if (NOTES / "enough").exists():
                break
            send_intermediate_predict_response([b"z" * 100_000], context.request_ids, "", 200, context)
        return [b"end"]
    if word == "status":
        context.set_response_status(code=int(argument))
    if word == "length":
        return [str(sum(len(value) for value in row.values()))]
    if word == "keys":
        return [json.dumps(sorted(row))]
    return ["done"]
"""
TENSORS = """
import os, pathlib, time

def handle(data, context):
    if data and data[0]["name"] == "gate":
        NOTES = pathlib.Path(os.environ["NOTES"])
        (NOTES / "tensors.began").touch()
        while not (NOTES / "tensors.go").exists():
            time.sleep(0.002)
    return data and [one["data"] for one in data]
"""


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory, compiled: Any) -> Iterator[tuple[Server, Client]]:
    """Messages of 200 MB, answers of 1 MB; `work` as above, `tensors` speaks V2."""
    directory: Path = tmp_path_factory.mktemp("hostile")
    (directory / "store").mkdir()
    pack(directory / "store" / "work.mar", "work", WORK)
    pack(directory / "store" / "tensors.mar", "tensors", TENSORS, config="v2: {tensors: numpy}\n")
    inference, management = free_ports(2)
    settings = {
        "load_models": "all",
        "default_workers_per_model": "1",
        "max_request_size": "200000000",
        "max_response_size": "1000000",
    }
    server = Server(directory, settings | grpc_settings((inference, management)))
    client = Client(*compiled, (inference, management))
    wait_until(lambda: server.ping() == 200, "the models")
    yield server, client
    for channel in client.channels:
        channel.close()
    server.end()


def counted(server: Server, code: int, model: str = "work") -> int:
    """How many of a model's requests over gRPC ended with this code."""
    found = server.metrics("servescope_requests_total", model_name=model, transport="grpc", code=str(code))
    return int(found or 0)


def channel_of(client: Client, *options: tuple[str, int], **more: object) -> Any:
    """Another connection to the same server."""
    return needed("grpc").insecure_channel(f"127.0.0.1:{client.ports[0]}", options=list(options), **more)
