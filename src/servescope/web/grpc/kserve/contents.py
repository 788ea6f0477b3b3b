"""A tensor's elements: as protobuf's typed fields, in binary, or as JSON has them. Pure; called by `asking` and `telling`."""

import base64
import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Any, Final

from servescope.datatypes import BYTES, DATATYPES, FORMATS
from servescope.errors import BadRequest

# By datatype, the field of InferTensorContents. FP16 and BF16 have none.
FIELDS: Final = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    BYTES: "bytes_contents",
}
_LENGTH = struct.Struct("<I")


def given(contents: Any, datatype: str, where: str) -> Sequence[Any]:
    """The elements of an `InferTensorContents`.

    Raises:
        BadRequest: the datatype is unknown or has no field, or another field than its own is used.
    """
    field = FIELDS.get(datatype)
    if field is None:
        if datatype in DATATYPES:
            raise BadRequest(f"{where}: {datatype} has no typed contents; it goes into raw_input_contents")
        raise BadRequest(f"{where}: datatype={datatype!r:.80} is none of {', '.join(DATATYPES)}")
    for other, _ in contents.ListFields():
        if other.name != field:
            raise BadRequest(f"{where}: {datatype} belongs into {field}, not into {other.name}")
    elements: Sequence[Any] = getattr(contents, field)
    return elements


def packed(elements: Sequence[Any], datatype: str, where: str) -> bytes:
    """Elements in binary, lowest bytes first.

    Raises:
        BadRequest: one is out of the datatype's range.
    """
    if datatype == BYTES:
        return b"".join([part for one in elements for part in (_LENGTH.pack(len(one)), one)])
    if datatype == "BOOL":
        return bytes(elements)
    try:
        return _lowest_first(array(FORMATS[datatype], elements)).tobytes()
    except OverflowError as error:
        raise BadRequest(f"{where}: an element is no {datatype}: {error}") from error


def unpacked(data: memoryview, datatype: str) -> Iterable[Any]:
    """The elements of any datatype but BF16.

    Raises:
        ValueError: the data end in the middle of one.
    """
    if datatype == BYTES:
        return _texts(data)
    if datatype == "BOOL":
        return map(bool, data)
    if datatype == "FP16":
        return [] if not data else (one for (one,) in struct.iter_unpack("<e", data))
    found = array(FORMATS[datatype])
    found.frombytes(data)
    return _lowest_first(found)


def _texts(data: memoryview) -> list[bytes]:
    """Elements of BYTES, each behind its length. Raises: ValueError."""
    found: list[bytes] = []
    position = 0
    while position < len(data):
        begin = position + _LENGTH.size
        end = begin + (_LENGTH.unpack_from(data, position)[0] if begin <= len(data) else 1)
        if end > len(data):
            raise ValueError(f"element {len(found)} is cut off")
        found.append(bytes(data[begin:end]))
        position = end
    return found


def in_json(elements: Iterable[Any], datatype: str) -> list[Any]:
    """Elements as TorchServe hands them to models without the protocol: BYTES in base64."""
    return [base64.b64encode(one).decode() for one in elements] if datatype == BYTES else list(elements)


def _lowest_first(found: "array[Any]") -> "array[Any]":
    if sys.byteorder == "big":
        found.byteswap()
    return found
