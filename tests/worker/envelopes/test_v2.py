"""KServe's V2 protocol in whole bodies: JSON and binary on both ways, and the outputs that are wanted."""

import json
import struct

import numpy
import pytest

from servescope.wire.messages import V2Tensors, Writing
from servescope.worker.replies.refusal import Refusal
from worker.envelopes.calls import called

FLOATS = struct.pack("<4f", 1, 2, 3, 4)
TENSOR = {"name": "x", "shape": [2, 2], "datatype": "FP32"}


def echo(rows):
    """A handler's answer: each input's data."""
    return [row["data"] for row in rows]


def ask(document, binary=None, answer=echo, *, length=None, v2=V2Tensors(), writing=Writing()):  # noqa: B008
    """What the handler got, the answer's bytes or refusal, and its headers, for a V2 request; `binary` stands behind the JSON."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = {}
    if binary is not None or length is not None:
        headers["inference-header-content-length"] = length if length is not None else str(len(body))
    row = {"body": bytearray(body + (binary or b""))}
    seen, (said,), context = called("", [row], answer, protocol="kserve-v2", headers=[headers], v2=v2, writing=writing)
    return seen, said, context.request_processor[0].response_headers


def split(said, headers):
    """An answer's JSON, and what stands behind it."""
    length = int(headers["Inference-Header-Content-Length"])
    return json.loads(said[:length]), said[length:]


def test_json():
    """There and back, typed."""
    seen, said, headers = ask({"id": "1", "inputs": [TENSOR | {"data": [1, 2, 3, 4]}]})
    assert seen == [[TENSOR | {"data": [[1, 2], [3, 4]]}]]
    assert headers == {"content-type": "application/json"}
    output = {"name": "x", "datatype": "INT64", "data": [1, 2, 3, 4], "shape": [2, 2]}
    assert json.loads(said) == {"model_name": "m", "model_version": "1.0", "id": "1", "outputs": [output]}


def test_binary():
    """What the handler gets is what JSON would have had; `binary_data_output` has all outputs in binary."""
    tensor = TENSOR | {"parameters": {"binary_data_size": 16, "mine": 1}}
    seen, said, headers = ask({"inputs": [tensor], "parameters": {"binary_data_output": True}}, FLOATS)
    assert seen == [[TENSOR | {"data": [[1.0, 2.0], [3.0, 4.0]], "parameters": {"mine": 1}}]]
    document, behind = split(said, headers)
    assert headers["content-type"] == "application/octet-stream"
    (output,) = document["outputs"]
    assert output == {"name": "x", "datatype": "FP64", "shape": [2, 2], "parameters": {"binary_data_size": 32}}
    assert struct.unpack("<4d", behind) == (1, 2, 3, 4)


def test_inputs_of_both_kinds():
    """Binary data stand in the order of those inputs that have them; some clients write `data: null` beside an empty one."""
    inputs = [
        {"name": "a", "shape": [1], "datatype": "INT8", "parameters": {"binary_data_size": 1}},
        {"name": "b", "shape": [1], "datatype": "INT8", "data": [2]},
        {"name": "c", "shape": [0], "datatype": "INT8", "data": None, "parameters": {"binary_data_size": 0}},
        {"name": "d", "shape": [2], "datatype": "BYTES", "parameters": {"binary_data_size": 10}},
    ]
    seen, _, _ = ask({"inputs": inputs}, b"\x01" + b"\x01\0\0\0x\x01\0\0\0y", [1, 2, 3, 4])
    assert [one["data"] for one in seen[0]] == [[1], [2], [], ["x", "y"]]
    assert not any("parameters" in one for one in seen[0])


def test_arrays():
    """With `tensors: numpy`."""
    tensor = TENSOR | {"parameters": {"binary_data_size": 16}}
    seen, said, headers = ask(
        {"inputs": [tensor], "parameters": {"binary_data_output": True}}, FLOATS, v2=V2Tensors(numpy=True)
    )
    assert seen[0][0]["data"].dtype == numpy.float32
    document, behind = split(said, headers)
    assert (document["outputs"][0]["datatype"], behind) == ("FP32", FLOATS)


def test_wanted_outputs():
    """Only those, each as it is wanted."""
    v2 = V2Tensors(outputs=[("a", "INT8"), ("b", "INT8"), ("c", "BYTES")])
    wanted = [{"name": "c", "parameters": {"binary_data": True}}, {"name": "a"}]
    _, said, headers = ask(
        {"inputs": [TENSOR | {"data": [1, 2, 3, 4]}], "outputs": wanted}, None, [[1], [2], ["x"]], v2=v2
    )
    document, behind = split(said, headers)
    first, second = document["outputs"]
    assert first == {"name": "a", "datatype": "INT8", "data": [1], "shape": [1]}
    assert (second["name"], behind) == ("c", b"\x01\0\0\0x")


def test_an_output_that_is_not_there():
    """400 before the handler is asked, with those that there are."""
    for v2, names in ((V2Tensors(), "x"), (V2Tensors(outputs=[("y", "FP32")]), "y")):
        seen, said, _ = ask({"inputs": [TENSOR | {"data": [1] * 4}], "outputs": [{"name": "z"}]}, v2=v2)
        assert (seen, said) == ([], Refusal(400, f"KServe V2: there is no output 'z'; there are {names}", mistake=True))


@pytest.mark.parametrize(
    ("document", "binary", "length", "words"),
    [
        ({"inputs": []}, b"", "x", "'x', which is no number"),
        ({"inputs": []}, b"", "-1", "'-1', which is no number"),
        ({"inputs": []}, b"", "1" * 50, "which is no number"),
        ({"inputs": []}, b"", "15", "is 15, but the body has 14 bytes"),
        ({"inputs": []}, b"abc", None, "3 bytes behind the JSON belong to no input"),
        (b"nothing", None, None, "no JSON"),
        (b"", None, None, "no JSON"),
        ({"inputs": [TENSOR | {"data": [1] * 4}]}, None, "3", "no JSON"),
        ({"inputs": [TENSOR | {"parameters": {"binary_data_size": 16}}]}, None, None, "0 bytes are left"),
        ({"inputs": [TENSOR | {"parameters": {"binary_data_size": 16}}]}, bytes(15), None, "15 bytes are left"),
        ({"inputs": [TENSOR | {"parameters": {"binary_data_size": 12}}]}, bytes(12), None, "12 bytes do not fit"),
        ({"inputs": [TENSOR | {"data": [1] * 4}], "parameters": {"classification": 3}}, None, None, "classification"),
    ],
)
def test_a_clients_mistake(document, binary, length, words):
    """400 with what is wrong; the handler hears nothing of it."""
    seen, said, _ = ask(document, binary, length=length)
    assert seen == []
    assert (said.status, said.mistake) == (400, True)
    assert words in said.text


def test_what_json_cannot_say():
    """500 that says how to have it, or why not."""
    given = {"inputs": [TENSOR | {"data": [1] * 4}]}
    _, said, _ = ask(given, None, [[b"\xff"]])
    assert (said.status, "binary_data" in said.text) == (500, True)
    _, said, _ = ask(given, None, [[float("nan")]], writing=Writing("error"))
    assert (said.status, "json_nan" in said.text) == (500, True)
    _, said, _ = ask(given, None, [[float("nan")]], writing=Writing("null"))
    assert json.loads(said)["outputs"][0]["data"] == [None]
    _, said, _ = ask(given, None, [[float("nan")]])
    assert b"[NaN]" in said


def test_no_inputs():
    """No outputs, and no handler."""
    seen, said, _ = ask({"inputs": []})
    assert (seen, json.loads(said)["outputs"]) == ([], [])
