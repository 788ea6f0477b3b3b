"""The envelope kservev2, there and back, with the answers that TorchServe 0.12.0 gave to the same rows, but for the shapes."""

import numpy
import pytest
import torch

from servescope.wire.messages import V2Tensors
from servescope.worker.replies.outputs import BadOutput
from worker.envelopes.calls import call, called, refused

INPUTS = [
    {"name": "a", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]},
    {"name": "b", "shape": [1], "datatype": "BYTES", "data": ["aGk="]},
]


def inputs(count):
    """A body with so many inputs."""
    return {"inputs": [{"name": str(place), "data": [0]} for place in range(count)]}


@pytest.mark.parametrize("key", ["body", "data"])
def test_a_row_of_each_input_and_an_output_of_each_answer(key):
    """Nested by shape, the first of BYTES; outputs flat, with the shape that they have, and named as the inputs."""
    manifest = {"model": {"modelName": "mnist", "modelVersion": "1.0"}}
    row = {key: {"id": "cid", "inputs": INPUTS}}
    seen, answer = call("kservev2", [row], [[[1, 2], [3, 4]], "text"], manifest=manifest)
    assert [one["data"] for one in seen[0]] == [[[1, 2], [3, 4]], "aGk="]
    assert answer == [
        {
            "id": "cid",
            "model_name": "mnist",
            "model_version": "1.0",
            "outputs": [
                {"name": "a", "datatype": "INT64", "data": [1, 2, 3, 4], "shape": [2, 2]},
                {"name": "b", "datatype": "BYTES", "data": ["text"], "shape": [1]},
            ],
        }
    ]


def test_datatypes_of_numbers_arrays_and_tensors():
    """Plain numbers are the widest of their kind, arrays what they are."""
    outputs = [True, 1.5, [1, 2.5], numpy.zeros(2, "uint8"), torch.zeros(1), {"a": 1}]
    _, answer = call("kservev2", [{"body": inputs(len(outputs))}], outputs)
    assert [one["datatype"] for one in answer[0]["outputs"]] == ["BOOL", "FP64", "FP64", "UINT8", "FP32", "BYTES"]
    assert answer[0]["id"] == "id0"


def test_no_id():
    """The request's own stands in for it."""
    _, answer = call("kservev2", [{"body": inputs(1)}])
    assert answer[0]["id"] == "id0"


def test_declared_outputs():
    """Give their names and datatypes, in their order; there may be fewer answers than names."""
    v2 = V2Tensors(outputs=[("y", "FP32"), ("label", "BYTES")])
    _, answer = call("kservev2", [{"body": inputs(1)}], [[1, 2]], v2=v2)
    assert answer[0]["outputs"] == [{"name": "y", "datatype": "FP32", "data": [1.0, 2.0], "shape": [2]}]
    _, answer = call("kservev2", [{"body": inputs(1)}], [[1], [7]], v2=v2)
    assert answer[0]["outputs"][1] == {"name": "label", "datatype": "BYTES", "data": ["7"], "shape": [1]}


def test_fewer_answers_than_inputs():
    """Are as many outputs; an array for all has one for each."""
    _, answer = call("kservev2", [{"body": inputs(2)}], [[5]])
    assert [one["name"] for one in answer[0]["outputs"]] == ["0"]
    _, answer = call("kservev2", [{"body": inputs(2)}], numpy.array([[1, 2], [3, 4]], "int8"))
    assert [(one["data"], one["shape"]) for one in answer[0]["outputs"]] == [([1, 2], [2]), ([3, 4], [2])]


def test_more_answers_than_names():
    """The handler's error says how names are given."""
    with pytest.raises(ValueError, match=r"2 outputs; there are 1 inputs.*v2\.outputs"):
        call("kservev2", [{"body": inputs(1)}], [1, 2])
    with pytest.raises(ValueError, match="2 outputs; there are 1 declared"):
        call("kservev2", [{"body": inputs(1)}], [1, 2], v2=V2Tensors(outputs=[("y", "FP32")]))


@pytest.mark.parametrize("answer", [{"a": 1}, 5, "text", numpy.float32(1)])
def test_what_is_no_list_of_answers(answer):
    """Is refused in TorchServe's words."""
    with pytest.raises(BadOutput, match="Invalid model predict output"):
        call("kservev2", [{"body": inputs(1)}], answer)


def test_the_requests_parameters():
    """Are the context's `input_parameters`, each request's own."""
    _, _, context = called("kservev2", [{"body": inputs(1) | {"parameters": {"temperature": 0.5}}}])
    assert context.input_parameters == {"temperature": 0.5}
    _, _, context = called("kservev2", [{"body": inputs(1)}])
    assert context.input_parameters == {}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"instances": [1]}, "a list under 'inputs'"),
        ([1], "a list under 'inputs'"),
        (None, "a list under 'inputs'"),
        (b"text", "no JSON"),
        ({"inputs": [1]}, "inputs[0] is no object"),
        ({"inputs": [{"shape": [2, 2], "data": [1, 2, 3]}]}, "3 values do not fit shape [2, 2]"),
        ({"inputs": [{"shape": [3], "data": [1, 2]}]}, "2 values do not fit shape [3]"),
        ({"inputs": [{"shape": [2, 0], "data": [1]}]}, "shape [2, 0]"),
        ({"inputs": [{"shape": [-1], "data": [1]}]}, "shape=[-1]"),
        ({"inputs": [{"shape": [True], "data": [1]}]}, "shape=[True]"),
        ({"inputs": [{"shape": "3", "data": [1]}]}, "shape='3'"),
        ({"inputs": [{"shape": [1] * 33, "data": [1]}]}, "33 dimensions"),
        ({"inputs": [{"shape": [10_000_000, 0], "data": []}]}, "empty lists"),
        ({"inputs": [{"name": 5, "data": [1]}]}, "name is no text"),
        ({"inputs": [{"datatype": 5, "data": [1]}]}, "datatype is no text"),
        ({"inputs": [{"name": "a"}]}, "inputs[0] has no data"),
        ({"inputs": [{"data": [1]}, {"data": None}]}, "inputs[1] has no data"),
        ({"inputs": [{"data": [1], "parameters": 5}]}, "inputs[0]: parameters is no object"),
        ({"inputs": [{"data": [1]}], "parameters": [1]}, "parameters is no object"),
        ({"inputs": [{"parameters": {"shared_memory_region": "r"}}]}, "shared_memory_region is not supported"),
        ({"inputs": [{"data": [1]}], "outputs": 5}, "outputs is no list"),
        ({"inputs": [{"data": [1]}], "outputs": [{}]}, "outputs[0] is no object with a name"),
    ],
)
def test_a_clients_mistake(body, words):
    """400, that says which input is wrong and in what; the handler hears nothing of it."""
    assert words in refused("kservev2", {"body": body})


def test_numbers_that_are_no_json():
    """Nested too deeply for anybody: 400."""
    data = []
    for _ in range(5000):
        data = [data]
    assert "nested too deeply" in refused("kservev2", {"body": {"inputs": [{"shape": [1], "data": data}]}})


@pytest.mark.parametrize(
    ("shape", "flat", "nested"),
    [
        ([], [5], 5),
        ([1], [5], [5]),
        ([2, 1], [1, 2], [[1], [2]]),
        ([1, 2, 2], [1, 2, 3, 4], [[[1, 2], [3, 4]]]),
        ([0], [], []),
        ([2, 0], [], [[], []]),
        ([0, 3], [], []),
        ([2, 2], [[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        ([4], [[1, 2], [3, 4]], [1, 2, 3, 4]),
    ],
)
def test_nesting(shape, flat, nested):
    """Data have the shape that is said, however they came."""
    seen, _ = call("kservev2", [{"body": {"inputs": [{"shape": shape, "data": flat}]}}], [1])
    assert seen[0][0]["data"] == nested


def test_arrays_where_they_are_wanted():
    """`tensors: numpy` gives handlers arrays of the datatype and shape."""
    seen, _ = call("kservev2", [{"body": {"inputs": INPUTS}}], [1, 2], v2=V2Tensors(numpy=True))
    first, second = (one["data"] for one in seen[0])
    assert (first.dtype, first.tolist()) == (numpy.float32, [[1, 2], [3, 4]])
    assert (second.dtype, second.tolist()) == (object, [b"aGk="])


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        ({"datatype": "FP32", "shape": [1], "data": ["a"]}, "its data are no FP32"),
        ({"datatype": "FP32", "data": [[1], [1, 2]]}, "its data are no FP32"),
        ({"datatype": "UINT8", "shape": [1], "data": [-1]}, "its data are no UINT8"),
        ({"datatype": "FP33", "shape": [1], "data": [1]}, "datatype='FP33' is none of BOOL"),
    ],
)
def test_what_is_no_array(tensor, words):
    """400, with what is wrong."""
    assert words in refused("kservev2", {"body": {"inputs": [tensor]}}, v2=V2Tensors(numpy=True))
