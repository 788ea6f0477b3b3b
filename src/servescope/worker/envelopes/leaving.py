"""What a handler returned for one output → a tensor of a V2 answer, in JSON or in binary. Called by `kservev2` and `v2`.

numpy's arrays and torch's tensors have their own shape and datatype. Lists have the shape of their nesting, where it is even,
and the widest datatype of their kind, as Python's numbers are wide. A value alone is a tensor of one.
"""

import math
import struct
import sys
from dataclasses import dataclass
from itertools import chain
from typing import Any

from servescope.datatypes import BF16, BYTES, FORMATS
from servescope.worker.envelopes.arriving import numpy_name
from servescope.worker.replies.json_text import json_bytes

_WIDEST = {"bool": "BOOL", "int": "INT64", "float": "FP64"}
_MOST_INT64 = 2**63 - 1
_BY_NUMPY = {numpy_name(datatype): datatype for datatype in FORMATS}


class NoText(ValueError):
    """An element of BYTES is none that JSON can say; the text is for the client, who can have it in binary."""


@dataclass(frozen=True)
class Output:
    """A tensor with a name. `elements`: its elements in order, as Python's values or as numpy's array of this datatype."""

    name: str
    datatype: str
    shape: list[int]
    elements: Any

    @property
    def leaves(self) -> list[Any]:
        """The elements as Python's values."""
        return self.elements if isinstance(self.elements, list) else list(self.elements.ravel().tolist())

    def head(self) -> dict[str, Any]:
        """All but its data."""
        return {"name": self.name, "datatype": self.datatype, "shape": self.shape}

    def document(self) -> dict[str, Any]:
        """As JSON has it, data flat. Raises: NoText."""
        data = [_said(self.name, leaf) for leaf in self.leaves] if self.datatype == BYTES else self.leaves
        return {"name": self.name, "datatype": self.datatype, "data": data, "shape": self.shape}

    def binary(self) -> bytes:
        """Its data in binary, lowest bytes first. Raises: ValueError where an element is none of its datatype."""
        if self.datatype in FORMATS and not isinstance(self.elements, list):
            return bytes(self.elements.astype("<" + FORMATS[self.datatype], copy=False).tobytes())
        leaves = self.leaves
        if self.datatype == BYTES:
            texts = [_bytes(leaf) for leaf in leaves]
            return b"".join([part for one in texts for part in (struct.pack("<I", len(one)), one)])
        try:
            if self.datatype == BF16:
                return _bfloat16(leaves)
            return struct.pack(f"<{len(leaves)}{FORMATS[self.datatype]}", *leaves)
        except (struct.error, OverflowError, TypeError) as error:
            raise ValueError(f"Output {self.name}: a value is no {self.datatype}: {error}") from error


def output_of(name: str, value: Any, datatype: str = "") -> Output:
    """The tensor of a result. `datatype`: which it is declared to have, "" for its own.

    Raises:
        ValueError: it cannot have the declared one.
    """
    array = _array(value)
    if array is not None:
        return _output_of_array(name, array, datatype)
    leaves, shape = _even(value) or _uneven(value)
    found, leaves = _kind(leaves)
    if datatype:
        leaves = _declared(datatype, found, leaves, name)
    return Output(name, datatype or found, shape or [1], leaves)


def _output_of_array(name: str, array: Any, datatype: str) -> Output:
    shape = list(array.shape) or [1]
    own = _BY_NUMPY.get(array.dtype.name, BYTES)
    if datatype in ("", own):
        return Output(name, own, shape, array)
    if datatype in FORMATS and own in FORMATS:
        return Output(name, datatype, shape, array.astype(numpy_name(datatype)))
    return Output(name, datatype, shape, _declared(datatype, own, array.ravel().tolist(), name))


def _array(value: Any) -> Any:
    """A result as numpy's array, None where it is none of numpy's or torch's."""
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch is not None and isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = value.float() if value.dtype == torch.bfloat16 else value
        value = value.numpy() if numpy is not None else value
    if numpy is None or not isinstance(value, numpy.ndarray | numpy.generic):
        return None
    array = numpy.asarray(value)
    kind = array.dtype.kind
    if array.dtype.name == "bfloat16" or (kind == "f" and array.dtype.itemsize > 8):
        return array.astype("float32" if kind == "V" else "float64")
    return array


def _even(value: Any) -> tuple[list[Any], list[int]] | None:
    """Elements and lengths of lists of even lengths, a level at a time, as there may be millions; None where they are not so."""
    if not isinstance(value, (list, tuple)):
        return None
    level, shape = value, [len(value)]
    while (kinds := set(map(type, level))) & {list, tuple}:
        lengths = set(map(len, level)) if kinds <= {list, tuple} else set()
        if len(lengths) != 1:
            return None
        shape.append(lengths.pop())
        level = list(chain.from_iterable(level))
    return None if any(map(_holds_more, kinds)) else (list(level), shape)


def _holds_more(kind: type) -> bool:
    """Whether values of this type may hold others: lists of another kind, or arrays, but no numbers of numpy's."""
    return issubclass(kind, (list, tuple)) or (hasattr(kind, "ndim") and kind.__name__ not in _BY_NUMPY)


def _uneven(value: Any) -> tuple[list[Any], list[int]]:
    """The same of what is uneven, which is flat, and of lists with arrays in them."""
    leaves, shape = _leaves(value), _shape(value)
    return leaves, shape if math.prod(shape) == len(leaves) else [len(leaves)]


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [leaf for one in value for leaf in _leaves(one)]
    return _leaves(value.tolist()) if getattr(value, "ndim", 0) else [value]


def _shape(value: Any) -> list[int]:
    """[0] beyond lists that are uneven."""
    if not isinstance(value, (list, tuple)):
        return list(getattr(value, "shape", ()))
    if not value:
        return [0]
    first, *others = (_shape(one) for one in value)
    return [len(value), *first] if all(one == first for one in others) else [0]


def _kind(leaves: list[Any]) -> tuple[str, list[Any]]:
    """The datatype of single values, and those as Python's own."""
    kinds = set(map(type, leaves))
    foreign = any(callable(getattr(kind, "tolist", None)) for kind in kinds)
    plain = (
        [leaf.tolist() if callable(getattr(leaf, "tolist", None)) else leaf for leaf in leaves] if foreign else leaves
    )
    if len(kinds) == 1 and (own := _BY_NUMPY.get(kinds.pop().__name__)) is not None:
        return own, plain
    widest = {kind.__name__ for kind in set(map(type, plain))}
    for name in ("bool", "int", "float"):
        widest.discard(name)
        if not widest and name == "int" and max(plain) > _MOST_INT64 and min(plain) >= 0:
            return "UINT64", plain
        if not widest:
            return _WIDEST[name] if leaves else "FP64", plain
    return BYTES, plain


def _declared(datatype: str, found: str, leaves: list[Any], name: str) -> list[Any]:
    """Values of the datatype that is declared."""
    if datatype == found != BYTES or (found == "FP64" and datatype in ("FP16", "FP32", BF16)):
        return leaves
    return [_as(datatype, leaf, name) for leaf in leaves]


def _as(datatype: str, leaf: Any, name: str) -> Any:
    try:
        if datatype == BYTES:
            return leaf if isinstance(leaf, (str, bytes, bytearray)) else json_bytes(leaf, indent=None).decode()
        if datatype == "BOOL":
            return bool(leaf)
        if datatype.startswith(("FP", "BF")):
            return float(leaf)
        return int(leaf)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"Output {name}: a value is no {datatype}: {error}") from error


def _said(name: str, leaf: Any) -> Any:
    """An element of BYTES in JSON."""
    if not isinstance(leaf, bytes | bytearray):
        return leaf
    try:
        return leaf.decode()
    except UnicodeDecodeError as error:
        raise NoText(f"Output {name}: its bytes are no text: ask for it in binary (binary_data)") from error


def _bytes(leaf: Any) -> bytes:
    if isinstance(leaf, bytes | bytearray):
        return bytes(leaf)
    return leaf.encode() if isinstance(leaf, str) else json_bytes(leaf, indent=None)


def _bfloat16(leaves: list[Any]) -> bytes:
    """The upper halves of 32-bit floats, to the nearest."""
    words = struct.unpack(f"<{len(leaves)}I", struct.pack(f"<{len(leaves)}f", *leaves))
    return struct.pack(f"<{len(leaves)}H", *(_half(word) for word in words))


def _half(word: int) -> int:
    if word & 0x7FFFFFFF > 0x7F800000:  # NaN stays one
        return word >> 16 | 64
    return (word + 0x7FFF + (word >> 16 & 1)) >> 16
