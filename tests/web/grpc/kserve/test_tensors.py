"""ModelInferRequest → what a worker is sent, and its answer → ModelInferResponse."""

import contextlib
import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("grpc", reason="grpcio is not installed: make test-grpc has it")

from servescope.datatypes import DATATYPES, FORMATS  # needs grpc
from servescope.errors import BadRequest, WorkerFailed
from servescope.web.grpc.kserve.asking import HEADER_LENGTH, plain_fields, v2_body, v2_fields
from servescope.web.grpc.kserve.contents import FIELDS, packed, unpacked
from servescope.web.grpc.kserve.telling import fill
from servescope.web.grpc.protos.messages import KSERVE, Messages
from servescope.worker.envelopes.arriving import value_in_binary

METHOD = Messages().methods(KSERVE)["ModelInfer"]

ELEMENTS = {
    "BOOL": st.booleans(),
    "BYTES": st.binary(max_size=20),
    "FP32": st.floats(width=32),
    "FP64": st.floats(),
} | {
    f"{sign}INT{bits}": st.integers(*bounds)
    for bits in (8, 16, 32, 64)
    for sign, bounds in (("", (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)), ("U", (0, 2**bits - 1)))
}
TENSORS = st.sampled_from(sorted(ELEMENTS)).flatmap(
    lambda datatype: st.tuples(st.just(datatype), st.lists(ELEMENTS[datatype], max_size=6))
)


def same(one: list[Any], other: list[Any]) -> bool:
    """NaN is itself here."""
    return repr(one) == repr(other)


def asked(*tensors: tuple[str, list[Any]], **more: Any) -> Any:
    """A typed request."""
    request = METHOD.request(model_name="m", **more)
    for place, (datatype, elements) in enumerate(tensors):
        tensor = request.inputs.add(name=f"t{place}", datatype=datatype, shape=[len(elements)])
        getattr(tensor.contents, FIELDS[datatype]).extend(elements)
    return request


@given(st.lists(TENSORS, max_size=3))
def test_typed_elements_reach_the_worker_whole(tensors: list[tuple[str, list[Any]]]):
    """What a worker reads out of the binary is what the client wrote, NaN and texts that are none among it."""
    head, blobs = v2_body(asked(*tensors))
    document = json.loads(head)
    for (datatype, elements), told, blob in zip(tensors, document["inputs"], blobs, strict=True):
        assert (told["datatype"], told["shape"]) == (datatype, [len(elements)])
        assert told["parameters"]["binary_data_size"] == len(blob)
        read = value_in_binary(memoryview(blob), datatype, [len(elements)], numpy=False, where="here")
        if datatype != "BYTES":
            assert same(read, elements)
        elif len(elements) != 1:
            assert [one.encode() if isinstance(one, str) else one for one in read] == elements


@given(st.lists(TENSORS, min_size=1, max_size=3), st.booleans())
def test_an_answer_is_as_the_request_was(tensors: list[tuple[str, list[Any]]], raw: bool):
    """Binary in, the same elements out: raw, or in the field of the datatype."""
    blobs = [packed(elements, datatype, "here") for datatype, elements in tensors]
    outputs = [
        {"name": "o", "datatype": datatype, "shape": [len(elements)], "parameters": {"binary_data_size": len(blob)}}
        for (datatype, elements), blob in zip(tensors, blobs, strict=True)
    ]
    head = json.dumps({"model_name": "m", "model_version": "1", "id": "i", "outputs": outputs}).encode()
    response = METHOD.response()
    fill(response, head + b"".join(blobs), {HEADER_LENGTH: str(len(head))}, raw=raw)
    assert (response.model_name, response.model_version, response.id) == ("m", "1", "i")
    assert list(response.raw_output_contents) == (blobs if raw else [])
    for (datatype, elements), output in zip(tensors, response.outputs, strict=True):
        assert same(list(getattr(output.contents, FIELDS[datatype])), [] if raw else elements)
        assert same(list(unpacked(memoryview(packed(elements, datatype, "")), datatype)), elements)


def test_half_floats_make_an_answer_raw():
    """There is no field for them."""
    outputs = [
        {"name": "h", "datatype": "FP16", "shape": [1], "parameters": {"binary_data_size": 2}},
        {"name": "i", "datatype": "INT8", "shape": [1], "parameters": {"binary_data_size": 1}},
    ]
    head = json.dumps({"outputs": outputs}).encode()
    response = METHOD.response()
    fill(response, head + struct.pack("<eb", 0.5, 3), {HEADER_LENGTH: str(len(head))}, raw=False)
    assert list(response.raw_output_contents) == [struct.pack("<e", 0.5), b"\3"]


def test_raw_elements_are_carried_and_never_joined():
    """A large tensor travels in the piece that it came in."""
    large = b"x" * 100_000
    request = asked(("INT8", []))
    request.inputs[0].ClearField("contents")
    request.inputs[0].shape[:] = [100_000]
    request.raw_input_contents.append(large)
    head, blobs = v2_body(request)
    (field,), attachments = v2_fields(head, blobs)
    assert (field.data, attachments) == (len(head) + len(large), [head, large])


def test_names_and_parameters():
    """The request's id, its parameters of every kind, and the outputs that are wanted, all in binary."""
    request = asked(id="7")
    for name, kind, value in (
        ("a", "bool_param", True),
        ("b", "int64_param", -(2**63)),
        ("c", "string_param", "ä"),
        ("d", "double_param", 0.5),
        ("e", "uint64_param", 2**64 - 1),
    ):
        setattr(request.parameters[name], kind, value)
    request.outputs.add(name="o")
    document = json.loads(v2_body(request)[0])
    said = {"a": True, "b": -(2**63), "c": "ä", "d": 0.5, "e": 2**64 - 1, "binary_data_output": True}
    assert document == {
        "inputs": [],
        "id": "7",
        "parameters": said,
        "outputs": [{"name": "o", "parameters": {"binary_data": True}}],
    }


@given(st.sampled_from(sorted(FORMATS)), st.binary(max_size=40))
def test_raw_elements_for_models_without_the_protocol(datatype: str, data: bytes):
    """They are read, or refused by name."""
    request = asked(("INT8", []))
    request.inputs[0].datatype = datatype
    request.raw_input_contents.append(data)
    size = struct.calcsize("<" + FORMATS[datatype])
    if len(data) % size:
        with pytest.raises(BadRequest, match=rf"inputs\[0\]: its raw contents are no {datatype}"):
            plain_fields(request)
        return
    ((field,), _) = plain_fields(request)
    (read,) = json.loads(field.data)["inputs"]
    expected = [one for (one,) in struct.iter_unpack("<" + FORMATS[datatype], data)]
    if all(math.isfinite(one) for one in expected):
        assert read["data"] == expected


def test_what_has_no_typed_field_is_known_otherwise():
    """All datatypes but the two of 16-bit floats have one."""
    assert set(DATATYPES) - set(FIELDS) == {"FP16", "BF16"}


BODIES = st.one_of(
    st.binary(max_size=60),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(["outputs", "name", "datatype", "shape", "data", "id"]), inner, max_size=6),
        ),
    ).map(lambda value: json.dumps(value).encode()),
)


@given(BODIES, st.dictionaries(st.just(HEADER_LENGTH), st.text(max_size=4)), st.booleans())
def test_answers_that_are_none(body: bytes, headers: dict[str, str], raw: bool):
    """Whatever a handler wrote is an answer, or a failure of the worker's in words; nothing else comes of it."""
    with contextlib.suppress(WorkerFailed):
        fill(METHOD.response(), body, headers, raw=raw)


NAMES = st.text(max_size=4)
ANY_CONTENTS = st.fixed_dictionaries(
    {},
    optional={
        "bool_contents": st.lists(st.booleans(), max_size=3),
        "int_contents": st.lists(st.integers(-(2**31), 2**31 - 1), max_size=3),
        "int64_contents": st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3),
        "uint_contents": st.lists(st.integers(0, 2**32 - 1), max_size=3),
        "uint64_contents": st.lists(st.integers(0, 2**64 - 1), max_size=3),
        "fp32_contents": st.lists(st.floats(width=32), max_size=3),
        "fp64_contents": st.lists(st.floats(), max_size=3),
        "bytes_contents": st.lists(st.binary(max_size=3), max_size=3),
    },
)
ANY_TENSOR = st.fixed_dictionaries(
    {
        "name": NAMES,
        "datatype": st.one_of(st.sampled_from(DATATYPES), NAMES),
        "shape": st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3),
    },
    optional={"contents": ANY_CONTENTS},
)
ANY_REQUEST = st.fixed_dictionaries(
    {"model_name": NAMES, "id": NAMES, "inputs": st.lists(ANY_TENSOR, max_size=3)},
    optional={"raw_input_contents": st.lists(st.binary(max_size=9), max_size=3)},
)


@given(ANY_REQUEST)
def test_whatever_a_client_asks(fields: dict[str, Any]):
    """It becomes JSON and binary that fit together, or is refused by name; nothing else comes of it."""
    request = METHOD.request(**fields)
    with contextlib.suppress(BadRequest):
        head, blobs = v2_body(request)
        sizes = [one["parameters"]["binary_data_size"] for one in json.loads(head)["inputs"]]
        assert sizes == list(map(len, blobs))
        (field,), attachments = v2_fields(head, blobs)
        assert (field.data if attachments == [] else b"".join(attachments)) == head + b"".join(blobs)
    with contextlib.suppress(BadRequest):
        (field,), _ = plain_fields(request)
        assert len(json.loads(field.data)["inputs"]) == len(request.inputs)
