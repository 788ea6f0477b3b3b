"""`service_envelope`: each form there and back, with the answers that TorchServe 0.12.0 gave to the same rows."""

import asyncio
import json

import pytest

from servescope.errors import ConfigurationError
from servescope.worker.handler.envelopes import wrap
from servescope.worker.handler.loader import LoadedHandler
from worker.conftest import context_of


def call(envelope, rows, answer=None, *, explain="False", manifest=None):
    """What the handler was given, and what the envelope made of its answer (by default: the same again)."""
    seen = []

    def entry(data, context):
        seen.append(data)
        return data if answer is None else answer

    context = context_of(tuple({"explain": explain} for _ in rows) or ({},), manifest=manifest)
    return (seen, wrap(envelope, LoadedHandler(entry, False)).entry(rows, context))


def test_body_gives_the_bodies_themselves():
    """`data` before `body`, None for neither."""
    seen, answer = call("body", [{"body": "x"}, {"data": [1]}, {"other": 1}])
    assert seen == [["x", [1], None]]
    assert answer == ["x", [1], None]


def test_json_joins_the_instances_and_shares_out_the_predictions():
    """A request gets as many predictions as it brought instances."""
    seen, answer = call("json", [{"body": {"instances": [1, 2]}}, {"body": b'{"instances": [3]}'}])
    assert seen == [[1, 2, 3]]
    assert [json.loads(one) for one in answer] == [{"predictions": [1, 2]}, {"predictions": [3]}]


def test_json_decodes_base64():
    """An instance, or a field of one, that is `{"b64": …}` reaches the handler as bytes; deeper ones do not."""
    body = {"instances": [{"b64": "aGk="}, {"data": {"b64": "aGk="}, "n": 1, "deep": [{"b64": "aGk="}]}]}
    seen, _ = call("json", [{"body": body}], [1, 2])
    assert seen == [[b"hi", {"data": b"hi", "n": 1, "deep": [{"b64": "aGk="}]}]]


@pytest.mark.parametrize(("explain", "key"), [("False", "predictions"), ("True", "explanations")])
def test_kserve_takes_the_first_request(explain, key):
    """And names its answer after what was asked for."""
    seen, answer = call("kserve", [{"data": bytearray(b'{"instances": [1, {"b64": "aGk="}]}')}], explain=explain)
    assert seen == [[1, {"b64": "aGk="}]]
    assert answer == [{key: [1, {"b64": "aGk="}]}]


def test_kservev2_makes_a_row_of_each_input_and_an_output_of_each_answer():
    """Recorded off TorchServe: nested by shape, the first of BYTES, outputs flat and named as the inputs."""
    body = {
        "id": "cid",
        "inputs": [
            {"name": "a", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]},
            {"name": "b", "shape": [1], "datatype": "BYTES", "data": ["aGk="]},
        ],
    }
    manifest = {"model": {"modelName": "mnist", "modelVersion": "1.0"}}
    seen, answer = call("kservev2", [{"body": body}], [[[1, 2], [3, 4]], "text"], manifest=manifest)
    assert [one["data"] for one in seen[0]] == [[[1, 2], [3, 4]], "aGk="]
    assert answer == [
        {
            "id": "cid",
            "model_name": "mnist",
            "model_version": "1.0",
            "outputs": [
                {"name": "a", "datatype": "INT64", "data": [1, 2, 3, 4], "shape": [4]},
                {"name": "b", "datatype": "BYTES", "data": ["text"], "shape": [1]},
            ],
        }
    ]


def test_kservev2_knows_datatypes_of_numbers_arrays_and_tensors():
    """Plain numbers are the widest of their kind, arrays what they are."""
    import numpy
    import torch

    outputs = [True, 1.5, [1, 2.5], numpy.zeros(2, "uint8"), torch.zeros(1), {"a": 1}]
    inputs = [{"name": str(place), "data": [0]} for place in range(len(outputs))]
    _, answer = call("kservev2", [{"body": {"inputs": inputs}}], outputs)
    assert [one["datatype"] for one in answer[0]["outputs"]] == ["BOOL", "FP64", "FP64", "UINT8", "FP32", "BYTES"]
    assert answer[0]["id"] == "id0"


@pytest.mark.parametrize(
    ("envelope", "body", "words"),
    [
        ("json", [1], "service_envelope=json.*'instances'"),
        ("kserve", {"inputs": [1]}, "service_envelope=kserve.*'instances'"),
        ("kservev2", {"instances": [1]}, "service_envelope=kservev2.*'inputs'"),
        ("kservev2", {"inputs": [{"shape": [2, 2], "data": [1, 2, 3]}]}, r"3 values.*\[2, 2\]"),
        ("kservev2", {"inputs": [{"shape": [2, 0], "data": [1]}]}, r"\[2, 0\]"),
    ],
)
def test_a_body_of_another_form_is_named(envelope, body, words):
    """The message names the option, its value and what is missing."""
    with pytest.raises(ValueError, match=words):
        call(envelope, [{"body": body}])


def test_an_unknown_envelope_is_named():
    """With those that there are."""
    with pytest.raises(ConfigurationError, match="service_envelope=soap: not one of body, json, kserve, kservev2"):
        wrap("soap", LoadedHandler(print, False))


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
        three, one = [{"body": {"instances": [1, 2, 3]}}], [{"body": {"instances": [4]}}]
        return await asyncio.gather(handler.entry(three, context_of()), handler.entry(one, context_of()))

    assert asyncio.run(both()) == [['{"predictions": [1, 2, 3]}'], ['{"predictions": [4]}']]
