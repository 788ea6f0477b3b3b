"""A batch behind envelopes: each request has its own answer, whatever the others are, sent or came to."""

import asyncio
import json

import pytest

from servescope.errors import ConfigurationError
from servescope.wire.messages import V2Tensors
from servescope.worker.envelopes.handing import wrap
from servescope.worker.handler.loader import LoadedHandler
from servescope.worker.replies.json_text import AS_BEFORE
from servescope.worker.replies.refusal import Refusal
from worker.conftest import context_of
from worker.envelopes.calls import call, called

V2 = {"explain": "False", "x-inference-protocol": "kserve-v2"}
SERVER = {"explain": "False"}


class PredictionException(Exception):
    """As TorchServe's is known: by its name."""

    def __init__(self, message, code):
        super().__init__(message)
        self.message, self.error_code = message, code


def instances(*values):
    return {"body": {"instances": list(values)}}


def tensor(name, *values):
    return {"body": {"inputs": [{"name": name, "shape": [len(values)], "datatype": "INT64", "data": list(values)}]}}


def both_ways(entry, envelope, rows, context, v2=None):
    """What an ordinary handler's batch comes to, which is what a coroutine's does."""
    answers = wrap(envelope, LoadedHandler(entry, False), AS_BEFORE, v2, "1.0").entry(rows, context())

    async def later(data, given):
        await asyncio.sleep(0)
        return entry(data, given)

    handler = wrap(envelope, LoadedHandler(later, True), AS_BEFORE, v2, "1.0")
    assert asyncio.run(handler.entry(rows, context())) == answers
    return answers


def test_a_batch_of_kserve():
    """Each has its own instances and its own answer, however many of them the handler makes."""
    rows = [instances(1, 2), instances(), instances(3)]
    seen, answers = call("kserve", rows, sum_of_each)
    assert sorted(seen) == [[1, 2], [3]]
    assert answers == [{"predictions": [3]}, {"predictions": []}, {"predictions": [3]}]


def sum_of_each(data):
    return [sum(data)]


def test_predictions_beside_explanations():
    """A batch may ask for both."""

    def entry(data, context):
        assert context.get_request_header(1, "explain") is None if len(context.request_ids) == 2 else True
        return [context.get_request_header(0, "explain"), context.get_request_id(0)]

    rows = [instances(1), instances(2)]
    answers = both_ways(entry, "kserve", rows, lambda: context_of(({"explain": "True"}, {"explain": "False"})))
    assert answers == [{"explanations": ["True", "id0"]}, {"predictions": ["False", "id1"]}]


def test_a_batch_of_kservev2():
    """Each is named as its inputs are, and has its own id."""
    _, answers = call("kservev2", [tensor("a", 1, 2), tensor("b", 3)], lambda data: [one["data"] for one in data])
    assert [(one["id"], [(out["name"], out["data"]) for out in one["outputs"]]) for one in answers] == [
        ("id0", [("a", [1, 2])]),
        ("id1", [("b", [3])]),
    ]


@pytest.mark.parametrize("envelope", ["json", "kserve"])
def test_a_mistake_is_nobody_elses(envelope):
    """It gets 400; its neighbours get their answers."""
    rows = [instances(1), {"body": [5]}, instances(2), {"body": b"{"}]
    first, second, third, fourth = call(envelope, rows)[1]
    assert [one if isinstance(one, dict) else json.loads(one) for one in (first, third)] == [
        {"predictions": [1]},
        {"predictions": [2]},
    ]
    for refusal in (second, fourth):
        assert isinstance(refusal, Refusal)
        assert (refusal.status, refusal.mistake) == (400, True)


def test_json_is_still_one_call():
    """Where nobody is mistaken, all instances come together."""
    seen, _ = call("json", [instances(1), instances(2)])
    assert seen == [[1, 2]]


def failing(data, context):
    if data == [2]:
        raise RuntimeError("no")
    if data == [3]:
        raise PredictionException("bad", 418)
    if data == [4]:
        raise PredictionException("fine", 200)
    if data == [5]:
        raise MemoryError
    return data


def test_an_error_is_nobody_elses(capfd):
    """Each has the answer that TorchServe gives to what its own call raised, and the log names it."""
    rows = [instances(number) for number in range(1, 6)]
    answers = both_ways(failing, "kserve", rows, lambda: context_of((SERVER,) * 5))
    assert answers == [
        {"predictions": [1]},
        Refusal(503, "Prediction failed"),
        Refusal(418, "bad"),
        "fine",
        Refusal(507, "Out of resources"),
    ]
    assert [one.raised.kind for one in answers if isinstance(one, Refusal)] == [
        "RuntimeError",
        f"{__name__}.PredictionException",
        "MemoryError",
    ]
    assert "Invoking custom service failed. Requests: id1" in capfd.readouterr().err


def test_an_error_of_one_request_alone_is_raised():
    """As without an envelope: its session answers."""
    with pytest.raises(RuntimeError, match="no"):
        wrap("kserve", LoadedHandler(failing, False)).entry([instances(2)], context_of((SERVER,)))


def test_what_a_call_sets_is_its_requests():
    """Status and headers of index 0 are the request's own, stages add up."""

    def entry(data, context):
        context.set_response_status(200 + data[0])
        context.set_response_header(0, "n", data[0])
        seconds = context.stage_seconds
        seconds["inference"] = seconds.get("inference", 0) + 1
        return data

    context = context_of((SERVER,) * 3)
    wrap("kserve", LoadedHandler(entry, False)).entry([instances(1), instances(2), instances(3)], context)
    assert [context.get_response_status(index)[0] for index in range(3)] == [201, 202, 203]
    assert [context.get_response_headers(index) for index in range(3)] == [{"n": "1"}, {"n": "2"}, {"n": "3"}]
    assert context.stage_seconds == {"inference": 3}


def test_requests_of_v2_beside_others():
    """The others are one call, as they would be without; theirs are those of the protocol."""
    seen = []

    def entry(data, context):
        seen.append((data, [context.get_request_id(index) for index in range(len(data))]))
        return [one["data"] if "data" in one else one["body"] for one in data]

    body = json.dumps(tensor("x", 7)["body"]).encode()
    rows = [{"body": "a"}, {"body": bytearray(body)}, {"body": "b"}]
    context = context_of((SERVER, V2, SERVER))
    answers = wrap("", LoadedHandler(entry, False), AS_BEFORE, V2Tensors(), "2").entry(rows, context)
    assert (answers[0], answers[2]) == ("a", "b")
    assert json.loads(answers[1])["outputs"][0]["data"] == [7]
    assert sorted(ids for _, ids in seen) == [["id0", "id2"], ["id1"]]
    assert [context.get_response_headers(index) for index in (0, 2)] == [{}, {}]


def test_wrong_outputs_beside_others():
    """What fails is the share that the wrong output is for."""
    rows = [{"body": "a"}, {"body": bytearray(json.dumps(tensor("x", 7)["body"]).encode())}, {"body": "b"}]

    def entry(data, _context):
        return [one["data"] for one in data] if "data" in data[0] else ["only one"]

    answers = both_ways(entry, "", rows, lambda: context_of((SERVER, V2, SERVER)), V2Tensors())
    wrong = Refusal(503, "number of batch response mismatched")
    assert (answers[0], answers[2]) == (wrong, wrong)
    assert isinstance(answers[1], bytes)


def test_clients_cannot_say_that_they_speak_v2():
    """Only the server can: by its path."""
    context = context_of((SERVER,))
    context.request_processor[0]._headers = [(b"x-inference-protocol", b"kserve-v2")]
    handler = wrap("", LoadedHandler(lambda data, _context: data, False), AS_BEFORE, V2Tensors(), "1")
    assert handler.entry([{"body": "a"}], context) == [{"body": "a"}]


def test_overlapping_async_batches_keep_their_own_envelope():
    """The lengths that one batch remembers never serve another."""
    first_may_go = asyncio.Event()

    async def entry(data, context):
        if len(data) == 3:
            await first_may_go.wait()
        else:
            first_may_go.set()
        return data

    async def both():
        handler = wrap("json", LoadedHandler(entry, True))
        assert handler.is_async
        return await asyncio.gather(
            handler.entry([instances(1, 2, 3)], context_of()), handler.entry([instances(4)], context_of())
        )

    assert asyncio.run(both()) == [['{"predictions": [1, 2, 3]}'], ['{"predictions": [4]}']]


def test_an_unknown_envelope_is_named():
    """With those that there are."""
    with pytest.raises(ConfigurationError, match="service_envelope=soap: not one of body, json, kserve, kservev2"):
        wrap("soap", LoadedHandler(print, False))


def test_the_context_of_a_call():
    """One request's call sees that request only."""
    _, _, context = called("kserve", [instances(1), instances(2)])
    part = context.narrowed([1])
    assert (part.request_ids, part.get_request_id(1)) == ({0: "id1"}, None)
    assert context.request_ids == {0: "id0", 1: "id1"}
