"""Sequences over gRPC: StreamPredictions2 by a real client, sequence_id of single calls, and what the metrics say of them."""

import itertools
import queue

import pytest

from grpc_clients.calls import PATIENCE_S, counted
from grpc_clients.conftest import Client
from grpc_clients.needed import needed
from integration.server import Server, wait_until

grpc = needed("grpc")

pytestmark = pytest.mark.integration

_numbers = itertools.count(1)


def asks(
    client: Client, sequence: str, number: int | str, model: str = "sums", *, start: bool = False, end: bool = False
):
    """A request of a sequence."""
    inputs = {"body": str(number).encode()}
    inputs |= {"ts_request_sequence_start": b"true"} if start else {}
    inputs |= {"ts_request_sequence_end": b"True"} if end else {}
    request = client.asks(model, **inputs)
    if sequence:
        request.sequence_id = sequence
    return request


def test_answers_of_two_sequences(client: Client, server: Server):
    """In each sequence's order, with its id; each is a request of its own in the metrics."""
    before = counted(server, "sums", 200)
    one, two = (f"s{next(_numbers)}" for _ in range(2))
    script = [
        asks(client, one, 1, start=True), asks(client, two, 10, start=True), asks(client, one, 2), asks(client, two, 20),
        asks(client, one, 3, end=True), asks(client, two, 30, end=True),
    ]  # fmt: skip
    answers = list(client.inference.StreamPredictions2(iter(script), timeout=PATIENCE_S))
    for name, sums in ((one, [b"1", b"3", b"6"]), (two, [b"10", b"30", b"60"])):
        assert [each.prediction for each in answers if each.sequence_id == name] == sums
    assert not any(each.HasField("status") for each in answers)
    assert counted(server, "sums", 200) == before + 6
    assert server.metrics("servescope_sequences_open", model_name="sums") == 0


def test_an_answer_comes_before_the_next_request(client: Client):
    """A dialogue: the client waits for each answer, and leaves when it likes."""
    name, script = f"s{next(_numbers)}", queue.Queue()
    answers = client.inference.StreamPredictions2(iter(script.get, None), timeout=PATIENCE_S)
    for number, total in ((5, b"5"), (6, b"11")):
        script.put(asks(client, name, number))
        assert next(answers).prediction == total
    script.put(asks(client, name, 1, end=True))
    assert next(answers).prediction == b"12"
    script.put(None)
    assert list(answers) == []


def test_what_fails_is_answered_in_its_place(client: Client, server: Server):
    """With a status, and the stream goes on: no such model, no sequence, and a handler that raises."""
    name = f"s{next(_numbers)}"
    script = [
        asks(client, name, 1, "nobody"), asks(client, "", 1), asks(client, name, "no number"), asks(client, name, 4, end=True)
    ]  # fmt: skip
    answers = list(client.inference.StreamPredictions2(iter(script), timeout=PATIENCE_S))
    refused = [each for each in answers if each.HasField("status")]
    assert sorted(each.status.code for each in refused) == sorted(
        [
            grpc.StatusCode.INTERNAL.value[0],
            grpc.StatusCode.INVALID_ARGUMENT.value[0],
            grpc.StatusCode.UNAVAILABLE.value[0],
        ]
    )
    assert any("Parameter sequenceId is required." in each.status.message for each in refused)
    assert [each.prediction for each in answers if not each.HasField("status")] == [b"4"]


def test_a_sequence_that_the_server_names(client: Client):
    """One that starts without an id gets one, by which the client goes on."""
    (first,) = client.inference.StreamPredictions2(iter([asks(client, "", 7, start=True)]), timeout=PATIENCE_S)
    assert first.sequence_id.startswith("ts-seq-")
    more = [asks(client, first.sequence_id, 1, end=True)]
    assert [each.prediction for each in client.inference.StreamPredictions2(iter(more), timeout=PATIENCE_S)] == [b"8"]


def test_more_than_may_wait(client: Client, server: Server):
    """The limits are those of HTTP, and the status says which."""
    script = [asks(client, "a", 1, "tiny"), asks(client, "b", 1, "tiny")]
    answers = list(client.inference.StreamPredictions2(iter(script), timeout=PATIENCE_S))
    (refused,) = [each for each in answers if each.HasField("status")]
    assert (refused.sequence_id, refused.status.code) == ("b", grpc.StatusCode.INTERNAL.value[0])
    assert "maxNumSequence 1" in refused.status.message
    assert server.metrics("servescope_rejected_total", model_name="tiny", reason="sequence_limit") >= 1


def test_single_calls_of_a_sequence(client: Client):
    """Predictions and StreamPredictions take sequence_id too."""
    name = f"s{next(_numbers)}"
    assert client.inference.Predictions(asks(client, name, 2), timeout=PATIENCE_S).prediction == b"2"
    (only,) = client.inference.StreamPredictions(asks(client, name, 3, end=True), timeout=PATIENCE_S)
    assert only.prediction == b"5"


def test_pieces_of_a_running_batch(client: Client):
    """A message for each piece, of several sequences in turns."""
    script = [
        asks(client, f"long{number}", f"{count} 0.01", "generates", end=True) for number, count in enumerate((5, 1, 3))
    ]
    answers = list(client.inference.StreamPredictions2(iter(script), timeout=PATIENCE_S))
    for number, count in enumerate((5, 1, 3)):
        assert [each.prediction for each in answers if each.sequence_id == f"long{number}"] == [b"."] * count


def test_a_client_that_cancels(client: Client, server: Server):
    """What it has asked counts as hung up, and its rows leave."""
    before = counted(server, "generates", 499)
    script = queue.Queue()
    answers = client.inference.StreamPredictions2(iter(script.get, None), timeout=PATIENCE_S)
    script.put(asks(client, "leaves", "100000 0.01", "generates"))
    assert next(answers).prediction == b"."
    answers.cancel()
    script.put(None)
    wait_until(lambda: counted(server, "generates", 499) == before + 1, "its request to be counted")
    wait_until(lambda: server.metrics("servescope_continuous_rows", model_name="generates") == 0, "its row to leave")
