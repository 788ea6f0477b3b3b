"""Tensors in binary come out as JSON would have had them, or as numpy's arrays; what does not fit together is named."""

import struct

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from servescope.worker.envelopes.arriving import Blobs, shape_of, value_in_binary, value_in_json
from servescope.worker.envelopes.base import ClientMistake

DTYPES = {
    "BOOL": "bool", "INT8": "int8", "INT16": "int16", "INT32": "int32", "INT64": "int64", "UINT8": "uint8", "UINT16": "uint16",
    "UINT32": "uint32", "UINT64": "uint64", "FP16": "float16", "FP32": "float32", "FP64": "float64",
}  # fmt: skip
SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)


def read(data, datatype, shape, *, numpy):
    return value_in_binary(memoryview(data), datatype, list(shape), numpy, "inputs[0]")


def written(elements):
    """BYTES as clients write them."""
    return b"".join(struct.pack("<I", len(one)) + one for one in elements)


@pytest.mark.parametrize("datatype", DTYPES)
@given(data=st.data())
def test_numbers(datatype, data):
    """Every datatype in every shape, by both ways."""
    array = data.draw(arrays.arrays(DTYPES[datatype], SHAPES))
    sent = array.astype(array.dtype.newbyteorder("<")).tobytes()
    got = read(sent, datatype, array.shape, numpy=True)
    assert (got.dtype, got.shape) == (array.dtype, array.shape)
    assert numpy.array_equal(got, array, equal_nan=array.dtype.kind == "f")
    assert got.flags.aligned
    assert got.flags.writeable
    listed = read(sent, datatype, array.shape, numpy=False)
    assert repr(listed) == repr(array.tolist()) or array.size == 0


def test_bfloat16():
    """Is a float of the same value."""
    given = torch.tensor([[1.5, -2.0, 3e38]], dtype=torch.bfloat16)
    sent = given.view(torch.int16).numpy().tobytes()
    assert read(sent, "BF16", (1, 3), numpy=False) == given.float().tolist()
    got = read(sent, "BF16", (1, 3), numpy=True)
    assert (got.dtype, got.tolist()) == (numpy.float32, given.float().tolist())


@given(st.lists(st.binary(max_size=9), max_size=5))
def test_bytes(elements):
    """Arrays of bytes; lists have text where it is text, and one element stands for itself."""
    got = read(written(elements), "BYTES", (len(elements),), numpy=True)
    assert (got.dtype, got.shape, got.tolist()) == (object, (len(elements),), elements)


@pytest.mark.parametrize(
    ("elements", "value"), [([b"a", b"b"], ["a", "b"]), ([b"a"], "a"), ([b"\xff"], b"\xff"), ([], []), ([b""], "")]
)
def test_bytes_in_lists(elements, value):
    """As from JSON."""
    assert read(written(elements), "BYTES", (len(elements),), numpy=False) == value


def test_an_array_stands_alone():
    """What a handler does to it reaches no other request's body, and no other input's."""
    body = bytearray(struct.pack("<2f", 1, 2))
    read(body, "FP32", (2,), numpy=True)[0] = 9
    assert struct.unpack("<2f", body) == (1, 2)


@pytest.mark.parametrize("datatype", ["INT8", "UINT8", "INT64"])
@pytest.mark.parametrize("shape", [None, [2]])
def test_parts_of_numbers_are_not_cut_off(datatype, shape):
    """1.5 is no integer, and 2.0 is one; lists are as they came."""
    with pytest.raises(ClientMistake, match=f"no {datatype}: 1.5 is no whole number"):
        value_in_json([1, 1.5], datatype, shape, True, "inputs[0]")
    assert value_in_json([1, 2.0], datatype, shape, True, "inputs[0]").tolist() == [1, 2]
    assert value_in_json([1, 1.5], datatype, shape, False, "inputs[0]") == [1, 1.5]


@pytest.mark.parametrize("as_numpy", [True, False])
@pytest.mark.parametrize(
    ("data", "datatype", "shape", "words"),
    [
        (bytes(7), "FP32", [2], r"7 bytes do not fit shape \[2\] of FP32, which takes 8"),
        (bytes(9), "FP32", [2], "9 bytes"),
        (bytes(4), "BF16", [1], "takes 2"),
        (bytes(4), "FP33", [1], "datatype='FP33' is none of BOOL"),
        (bytes(4), None, [1], "datatype=None"),
        (bytes(4), "FP32", [2**62, 2**62], "4 bytes"),
        (written([b"a"]), "BYTES", [2], "1 elements do not fit its shape, which holds 2"),
        (b"\x05\0\0\0ab", "BYTES", [1], "element 0 has 5 bytes, of which 2 came"),
        (b"\xff\xff\xff\xffab", "BYTES", [1], "element 0 has 4294967295 bytes"),
        (b"\x01\0\0", "BYTES", [1], "half a length"),
    ],
)
def test_what_does_not_fit(data, datatype, shape, words, as_numpy):
    """Is the client's mistake, with the input's name."""
    with pytest.raises(ClientMistake, match=words) as caught:
        read(data, datatype, shape, numpy=as_numpy)
    assert str(caught.value).startswith("inputs[0]")


@given(
    st.binary(max_size=40),
    st.sampled_from([*DTYPES, "BF16", "BYTES"]),
    st.lists(st.integers(0, 2**63), max_size=4),
    st.booleans(),
)
def test_noise(data, datatype, shape, as_numpy):
    """Whatever a stranger sends is a tensor, or the stranger's mistake."""
    try:
        read(data, datatype, shape, numpy=as_numpy)
    except ClientMistake:
        pass


def test_no_shape():
    """Binary data need one."""
    with pytest.raises(ClientMistake, match="has no shape"):
        value_in_binary(memoryview(b""), "FP32", None, False, "inputs[0]")
    assert shape_of(None, "") is None


def test_blobs():
    """Are taken in order, each whole, and all of them."""
    blobs = Blobs(b"abcdef")
    assert bytes(blobs.take(2, "a")) == b"ab"
    assert bytes(blobs.take(0, "b")) == b""
    with pytest.raises(ClientMistake, match="4 bytes behind the JSON belong to no input"):
        blobs.end()
    with pytest.raises(ClientMistake, match="c: binary_data_size is 5, but 4 bytes are left"):
        blobs.take(5, "c")
    for size in (-1, "2", 2.0, True, None):
        with pytest.raises(ClientMistake, match=r"d: binary_data_size=.* is no number of bytes"):
            blobs.take(size, "d")
    blobs.take(4, "e")
    blobs.end()
