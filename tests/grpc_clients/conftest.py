"""One server with gRPC for all tests here, and clients whose stubs protoc made from our .proto files."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from grpc_clients.needed import needed
from integration.server import Server, free_ports, grpc_settings, pack
from kserve_clients.models import ARRAYS, DECLARED, ECHO_TENSORS
from truth.handlers import GENERATES, SUMS

PROTOS = Path(__file__).parents[2] / "src" / "servescope" / "web" / "grpc" / "protos"
NAMES = ("inference", "management")

# Answers with the fields that it was given, in order; stream and slow do as they are told.
ECHO = """
import json, time

def handle(data, context):
    if data is None:
        return None
    return [json.dumps({key: value.decode() for key, value in sorted(row.items())}) for row in data]
"""
STREAM = """
from ts.handler_utils.utils import send_intermediate_predict_response

def handle(data, context):
    if data is None:
        return None
    for number in range(3):
        text = f"piece {number};"
        send_intermediate_predict_response([text], context.request_ids, "Intermediate", 200, context)
    return ["end"]
"""
SLOW = """
import os, pathlib, time

def handle(data, context):
    if data is None:
        return None
    notes = pathlib.Path(os.environ["NOTES"])
    (notes / "began").touch()
    end = time.monotonic() + 60
    while not (notes / "go").exists() and time.monotonic() < end:
        time.sleep(0.01)
    return ["late"] * len(data)
"""
REFUSES = """
from ts.utils.util import PredictionException

def handle(data, context):
    if data is None:
        return None
    raise PredictionException("not like this", int(data[0]["code"].decode()))
"""

# Speaks V2 and streams: a piece for each element, and the rest as V2's answer.
TOKENS = """
from ts.handler_utils.utils import send_intermediate_predict_response

def handle(data, context):
    if data is None:
        return None
    for word in data[0]["data"][:-1]:
        send_intermediate_predict_response([word], context.request_ids, "", 200, context)
    return [data[0]["data"][-1]]
"""


Compiled = tuple[dict[str, ModuleType], dict[str, ModuleType]]


class Client:
    """Stubs for a server's two ports. `messages`, `stubs`: the modules made of each file."""

    def __init__(self, messages: dict[str, ModuleType], stubs: dict[str, ModuleType], ports: tuple[int, int]) -> None:
        grpc = needed("grpc")
        self.channels = [grpc.insecure_channel(f"127.0.0.1:{port}") for port in ports]
        self.inference = stubs["inference"].InferenceAPIsServiceStub(self.channels[0])
        self.management = stubs["management"].ManagementAPIsServiceStub(self.channels[1])
        self.messages, self.stubs, self.ports = messages, stubs, ports

    def asks(self, model: str, version: str = "", **fields: bytes) -> Any:
        """A request for a prediction."""
        return self.messages["inference"].PredictionsRequest(model_name=model, model_version=version, input=fields)

    def manages(self, message: str, **fields: object) -> Any:
        """A request of the management service."""
        return getattr(self.messages["management"], message)(**fields)


Launch = Callable[..., tuple[Server, Client]]


def two_ports() -> tuple[int, int]:
    """Free ones, for gRPC's two services."""
    inference, management = free_ports(2)
    return inference, management


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """Messages and stubs, as the real compiler makes them."""
    protoc = needed("grpc_tools.protoc")
    out = tmp_path_factory.mktemp("stubs")
    builtin = Path(protoc.__file__).parent / "_proto"
    files = [f"{name}.proto" for name in NAMES]
    words = ["protoc", f"-I{PROTOS}", f"-I{builtin}", f"--python_out={out}", f"--grpc_python_out={out}", *files]
    assert protoc.main(words) == 0
    sys.path.insert(0, str(out))
    messages = {name: importlib.import_module(f"{name}_pb2") for name in NAMES}
    stubs = {name: importlib.import_module(f"{name}_pb2_grpc") for name in NAMES}
    sys.path.remove(str(out))
    return messages, stubs


@pytest.fixture(scope="session")
def grpc_ports() -> tuple[int, int]:
    """Those of the server that tests share."""
    return two_ports()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, grpc_ports: tuple[int, int]) -> Iterator[Server]:
    """Models that echo, stream, wait for the file `go`, and refuse; `lists`, `arrays` and `tokens` speak KServe's V2 protocol."""
    directory = tmp_path_factory.mktemp("grpc")
    store = directory / "store"
    store.mkdir()
    for name, code in (("echo", ECHO), ("stream", STREAM), ("slow", SLOW), ("refuses", REFUSES)):
        pack(store / f"{name}.mar", name, code)
    for name, code, config in (
        ("lists", ECHO_TENSORS, "v2:\n"),
        ("arrays", ARRAYS, DECLARED),
        ("tokens", TOKENS, "v2:\n"),
    ):
        pack(store / f"{name}.mar", name, code, config=config)
    keeps = "sequenceBatching: true\nsequenceMaxIdleMSec: 600000\nmaxNumSequence: 8\nmaxSequenceJobQueueSize: 50\n"
    pack(store / "sums.mar", "sums", SUMS, config=keeps)
    pack(store / "tiny.mar", "tiny", SUMS, config=keeps.replace("8", "1").replace("50", "1"))
    pack(store / "generates.mar", "generates", GENERATES, config=f"{keeps}continuousBatching: true\nbatchSize: 4\n")
    pack(store / "lists2.mar", "lists", ECHO_TENSORS, version="2", config="v2:\n")
    settings = {"load_models": "all", "default_workers_per_model": "1", "max_request_size": "100000"}
    server = Server(directory, grpc_settings(grpc_ports) | settings)
    (server.notes / "generates").mkdir()
    yield server
    server.end()


@pytest.fixture
def client(compiled: Compiled, server: Server, grpc_ports: tuple[int, int]) -> Iterator[Client]:
    """A client of that server."""
    client = Client(*compiled, grpc_ports)
    yield client
    for channel in client.channels:
        channel.close()


@pytest.fixture
def launch(tmp_path: Path, compiled: Compiled) -> Iterator[Launch]:
    """A server of a test's own with the models echo and slow, and a client of it."""
    servers: list[Server] = []

    def start(**settings: str) -> tuple[Server, Client]:
        ports = two_ports()
        (tmp_path / "store").mkdir()
        pack(tmp_path / "store" / "echo.mar", "echo", ECHO)
        pack(tmp_path / "store" / "slow.mar", "slow", SLOW)
        models = {"load_models": "all", "default_workers_per_model": "1"}
        servers.append(Server(tmp_path, models | grpc_settings(ports) | settings))
        return servers[0], Client(*compiled, ports)

    yield start
    for server in servers:
        server.end()
