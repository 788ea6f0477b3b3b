"""ModelStreamInfer by clients that send what is none, too much, or nothing, that leave, and that never end."""

import json
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grpc_clients.calls import PATIENCE_S
from grpc_clients.conftest import Client
from grpc_clients.hostile.conftest import WORK, counted
from grpc_clients.needed import needed
from integration.server import Server, free_ports, grpc_settings, pack, wait_until

grpc = needed("grpc")

from servescope.web.grpc.protos.messages import KSERVE, Messages  # noqa: E402  # needs protobuf

pytestmark = pytest.mark.integration

Hostile = tuple[Server, Client]
METHODS = Messages().methods(KSERVE)


def asking(number: int, name: str = "x") -> bytes:
    """A request with this id, whose answer is the number."""
    asked = METHODS["ModelInfer"].request(model_name="tensors", id=str(number))
    asked.inputs.add(name=name, datatype="INT64", shape=[1]).contents.int64_contents.append(number)
    data: bytes = asked.SerializeToString()
    return data


def stream(channel: Any, requests: Iterable[bytes], **more: Any) -> Any:
    """A call that is asked with these messages."""
    method = METHODS["ModelStreamInfer"]
    call = channel.stream_stream(method.path, None, method.response.FromString)
    return call(iter(requests), timeout=2 * PATIENCE_S, **more)


def test_nothing(hostile: Hostile):
    """Nothing is answered."""
    _, client = hostile
    assert list(stream(client.channels[0], [])) == []


def test_messages_that_are_none(hostile: Hostile):
    """Each is answered in its place, and the stream goes on; all are counted."""
    server, client = hostile
    before = counted(server, 200, "tensors")
    answers = list(stream(client.channels[0], [asking(1), b"\xff\xff", asking(2), b"", asking(3)]))
    assert [one.infer_response.id for one in answers] == ["1", "", "2", "", "3"]
    words = [one.error_message for one in answers]
    assert words[1].startswith("The message is no inference.ModelInferRequest")
    assert words == ["", words[1], "", "Parameter model_name is required.", ""]
    assert counted(server, 200, "tensors") == before + 3
    path = METHODS["ModelStreamInfer"].path
    assert (server.metrics("servescope_http_requests_total", path=path, code="400") or 0) >= 2


def test_leaving_with_many_under_way(hostile: Hostile):
    """As many are counted as were taken; what the client had yet to send is nobody's."""
    server, client = hostile
    before = counted(server, 499, "tensors")
    call = stream(client.channels[0], [asking(0, "gate"), *map(asking, range(1, 100))])
    wait_until((server.notes / "tensors.began").exists, "the handler")
    wait_until(lambda: server.metrics("servescope_requests_in_flight", model_name="tensors") == 16, "the others")
    call.cancel()
    wait_until(lambda: counted(server, 499, "tensors") == before + 16, "all that were taken")
    (server.notes / "tensors.go").touch()
    (answer,) = stream(client.channels[0], [asking(7)])
    assert list(answer.infer_response.outputs[0].contents.int64_contents) == [7]


def test_the_key_of_a_stream(tmp_path: Path, compiled: Any):
    """Without it the first message ends the stream; with it all are answered."""
    (tmp_path / "store").mkdir()
    pack(tmp_path / "store" / "work.mar", "work", WORK, config="v2:\n")
    inference, management = free_ports(2)
    settings = {"load_models": "all", "disable_token_authorization": "false"}
    server = Server(tmp_path, settings | grpc_settings((inference, management)))
    try:
        client = Client(*compiled, (inference, management))
        with pytest.raises(grpc.RpcError) as caught:
            list(stream(client.channels[0], [asking(1), asking(2)]))
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
        key = json.loads((server.directory / "key_file.json").read_text())["inference"]["key"]
        metadata = (("authorization", f"Bearer {key}"),)
        answers = list(stream(client.channels[0], [asking(1), asking(2)], metadata=metadata))
        assert ["Model not found: tensors" in one.error_message for one in answers] == [True, True]
    finally:
        server.end()


def test_a_stream_that_lies_open_holds_up_no_end(tmp_path: Path, compiled: Any):
    """A server that stops has answered what it was asked, and waits for no more."""
    (tmp_path / "store").mkdir()
    inference, management = free_ports(2)
    server = Server(tmp_path, grpc_settings((inference, management)))
    client, over = Client(*compiled, (inference, management)), threading.Event()

    def slowly() -> Iterator[bytes]:
        yield asking(1)
        over.wait(2 * PATIENCE_S)

    try:
        call = stream(client.channels[0], slowly())
        assert "Model not found" in next(call).error_message
        server.process.terminate()
        assert server.process.wait(PATIENCE_S) == 0
        with pytest.raises(grpc.RpcError) as caught:
            next(call)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    finally:
        over.set()
        server.end()
