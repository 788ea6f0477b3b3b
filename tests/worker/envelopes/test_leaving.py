"""What handlers return becomes tensors: shape, datatype, and the same values in JSON and in binary."""

import struct
from typing import NamedTuple

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from servescope.worker.envelopes.leaving import NoText, output_of

SCALARS = [
    ("bool", "BOOL"), ("int8", "INT8"), ("int16", "INT16"), ("int32", "INT32"), ("int64", "INT64"), ("uint8", "UINT8"),
    ("uint16", "UINT16"), ("uint32", "UINT32"), ("uint64", "UINT64"), ("float16", "FP16"), ("float32", "FP32"),
    ("float64", "FP64"),
]  # fmt: skip


class Point(NamedTuple):
    x: int
    y: int


def told(value, datatype=""):
    """Datatype, data and shape of an output."""
    output = output_of("y", value, datatype)
    document = output.document()
    assert document["name"] == "y"
    return document["datatype"], document["data"], document["shape"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, ("INT64", [5], [1])),
        (True, ("BOOL", [True], [1])),
        (0.5, ("FP64", [0.5], [1])),
        ("text", ("BYTES", ["text"], [1])),
        (b"text", ("BYTES", ["text"], [1])),
        (None, ("BYTES", [None], [1])),
        ({"a": 1}, ("BYTES", [{"a": 1}], [1])),
        ([], ("FP64", [], [0])),
        ([[]], ("FP64", [], [1, 0])),
        ([1, 2.5], ("FP64", [1, 2.5], [2])),
        ([1, 2**63], ("UINT64", [1, 2**63], [2])),
        ([-1, 2**63 - 1], ("INT64", [-1, 2**63 - 1], [2])),
        ([True, 2], ("INT64", [True, 2], [2])),
        ([[1, 2], [3, 4], [5, 6]], ("INT64", [1, 2, 3, 4, 5, 6], [3, 2])),
        (((1, 2), [3, 4]), ("INT64", [1, 2, 3, 4], [2, 2])),
        ([[1], [2, 3]], ("INT64", [1, 2, 3], [3])),
        ([Point(1, 2), Point(3, 4)], ("INT64", [1, 2, 3, 4], [2, 2])),
        ([[1, 2], Point(3, 4)], ("INT64", [1, 2, 3, 4], [2, 2])),
        ([[], [1]], ("INT64", [1], [1])),
        ([[[1], [2]], [[3], [4]]], ("INT64", [1, 2, 3, 4], [2, 2, 1])),
        ([[[1]], [2]], ("INT64", [1, 2], [2])),
        ([1, [2, 3]], ("INT64", [1, 2, 3], [3])),
        (["a", "b"], ("BYTES", ["a", "b"], [2])),
        ([1, "b"], ("BYTES", [1, "b"], [2])),
        ([numpy.float32(0.5), numpy.float32(1)], ("FP32", [0.5, 1.0], [2])),
        ([numpy.float32(0.5), 1], ("FP64", [0.5, 1], [2])),
        ([numpy.array([1, 2]), numpy.array([3, 4])], ("INT64", [1, 2, 3, 4], [2, 2])),
        ([torch.tensor([1, 2]), torch.tensor([3, 4])], ("INT64", [1, 2, 3, 4], [2, 2])),
        (numpy.array(["a", "bc"]), ("BYTES", ["a", "bc"], [2])),
        (numpy.array([b"a", "b", 3], dtype=object), ("BYTES", ["a", "b", 3], [3])),
        (numpy.array(7, "int8"), ("INT8", [7], [1])),
        (numpy.longdouble(0.5), ("FP64", [0.5], [1])),
        (torch.ones((1, 2), dtype=torch.bfloat16), ("FP32", [1.0, 1.0], [1, 2])),
        (torch.ones(2, requires_grad=True), ("FP32", [1.0, 1.0], [2])),
        (numpy.arange(6).reshape(2, 3).T, ("INT64", [0, 3, 1, 4, 2, 5], [3, 2])),
    ],
)
def test_outputs(value, expected):
    """Numbers alone, lists even and uneven, arrays and tensors."""
    assert told(value) == expected


@pytest.mark.parametrize(("dtype", "datatype"), SCALARS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_binary(dtype, datatype, order):
    """An array's bytes, lowest first, are those of its values as a list, whatever order they had in memory."""
    array = numpy.array([[0, 1], [1, 1]]).astype(numpy.dtype(dtype).newbyteorder(order)).T
    output = output_of("y", array)
    assert (output.datatype, output.shape) == (datatype, [2, 2])
    assert output.binary() == numpy.ascontiguousarray(array).astype(numpy.dtype(dtype).newbyteorder("<")).tobytes()
    assert output_of("y", array.tolist(), datatype).binary() == output.binary()


def test_binary_text():
    """Each element behind its length; what is neither text nor bytes is JSON."""
    data = output_of("y", ["ä", b"\xff", {"a": 1}]).binary()
    assert data == b"\x02\0\0\0" + "ä".encode() + b"\x01\0\0\0\xff" + b'\x08\0\0\0{"a": 1}'


@given(st.lists(st.floats(width=32), max_size=20))
def test_bfloat16(values):
    """The nearest, as torch rounds it."""
    data = output_of("y", values, "BF16").binary()
    wide = torch.tensor(values, dtype=torch.float32).to(torch.bfloat16).float()
    widened = struct.unpack(f"<{len(values)}f", b"".join(b"\0\0" + data[at : at + 2] for at in range(0, len(data), 2)))
    assert numpy.array_equal(numpy.array(widened), wide.numpy().astype(float), equal_nan=True)


@pytest.mark.parametrize(
    ("value", "declared", "expected"),
    [
        ([1, 2], "FP32", ("FP32", [1.0, 2.0], [2])),
        (numpy.array([1.5, 2.5]), "FP16", ("FP16", [1.5, 2.5], [2])),
        (numpy.array([1.5, 2.5], "float32"), "BF16", ("BF16", [1.5, 2.5], [2])),
        ([1.0, 2.0], "INT32", ("INT32", [1, 2], [2])),
        ([0, 1], "BOOL", ("BOOL", [False, True], [2])),
        ([1, b"x"], "BYTES", ("BYTES", ["1", "x"], [2])),
        (numpy.array([1]), "BYTES", ("BYTES", ["1"], [1])),
    ],
)
def test_declared_datatypes(value, declared, expected):
    """Are kept to."""
    assert told(value, declared) == expected


@pytest.mark.parametrize(("value", "declared"), [(["a"], "FP32"), ([None], "INT8"), ([float("inf")], "INT8")])
def test_what_cannot_be_as_declared(value, declared):
    """The handler's error names the output and the datatype."""
    with pytest.raises(ValueError, match=f"Output y: a value is no {declared}"):
        output_of("y", value, declared)


@pytest.mark.parametrize(("value", "declared"), [([300], "INT8"), ([2**70], ""), ([1e300], "FP32")])
def test_what_does_not_fit_in_binary(value, declared):
    """The same."""
    with pytest.raises(ValueError, match="Output y: a value is no"):
        output_of("y", value, declared).binary()


def test_bytes_that_are_no_text():
    """JSON cannot say them: the error tells how they are had."""
    with pytest.raises(NoText, match=r"Output y: .*binary_data"):
        output_of("y", [b"\xff"]).document()
