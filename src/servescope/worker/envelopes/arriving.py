"""The tensors of a V2 request: in, their data from JSON or in binary; out, nested lists, or numpy's arrays. Called by `infer`.

numpy is imported only for models that want arrays. What does not fit together is the client's mistake, and named.
"""

import math
import struct
from typing import Any

from servescope.datatypes import BF16, BYTES, DATATYPES, FORMATS
from servescope.worker.envelopes.base import ClientMistake

_MOST_DIMENSIONS = 32
_MOST_EMPTY = 10_000  # empty lists that a shape with a zero in it may ask for
_SHOWN = 80
_LENGTH = struct.Struct("<I")


class Blobs:
    """The binary data behind a request's JSON, taken in order."""

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._data = memoryview(data)

    def take(self, size: Any, where: str) -> memoryview:
        """The next `size` bytes. Raises: ClientMistake where there are fewer, or it is no number of bytes."""
        if type(size) is not int or size < 0:
            raise ClientMistake(f"{where}: binary_data_size={size!r:.{_SHOWN}} is no number of bytes")
        if size > len(self._data):
            raise ClientMistake(
                f"{where}: binary_data_size is {size}, but {len(self._data)} bytes are left behind the JSON"
                " (the header Inference-Header-Content-Length says where it ends)"
            )
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def end(self) -> None:
        """All inputs have their data. Raises: ClientMistake where something is left."""
        if len(self._data):
            raise ClientMistake(
                f"KServe V2: {len(self._data)} bytes behind the JSON belong to no input (binary_data_size)"
            )


def shape_of(given: Any, where: str) -> list[int] | None:
    """A shape, None where none was given. Raises: ClientMistake where it is no list of lengths."""
    if given is None:
        return None
    if not isinstance(given, list) or not all(type(one) is int and one >= 0 for one in given):
        raise ClientMistake(f"{where}: shape={given!r:.{_SHOWN}} is no list of lengths")
    if len(given) > _MOST_DIMENSIONS:
        raise ClientMistake(f"{where}: shape has {len(given)} dimensions; at most {_MOST_DIMENSIONS} are taken")
    return given


def value_in_json(data: Any, datatype: str | None, shape: list[int] | None, numpy: bool, where: str) -> Any:
    """Data that stood in the JSON, nested or flat."""
    if data is None:
        raise ClientMistake(f"{where} has no data")
    if shape is None:
        return _array(data, datatype, where) if numpy else _text_alone(data) if datatype == BYTES else data
    flat = _flat(data, where)
    if len(flat) != math.prod(shape):
        raise ClientMistake(f"{where}: {len(flat)} values do not fit shape {shape}")
    if numpy:
        return _shaped(_array(flat, datatype, where), shape, where)
    return _text_alone(data) if datatype == BYTES else nested(flat, shape, where)


def value_in_binary(data: memoryview, datatype: str | None, shape: list[int] | None, numpy: bool, where: str) -> Any:
    """Data that came in binary; lists are what JSON would have had."""
    if shape is None:
        raise ClientMistake(f"{where} has no shape")
    if datatype not in DATATYPES:
        raise ClientMistake(f"{where}: datatype={datatype!r:.{_SHOWN}} is none of {', '.join(DATATYPES)}")
    count = math.prod(shape)
    if datatype == BYTES:
        elements = _elements(data, count, where)
        if numpy:
            return _shaped(_objects(elements), shape, where)
        return _text_alone([_text(one) for one in elements])
    size = 2 if datatype == BF16 else struct.calcsize("<" + FORMATS[datatype])
    if len(data) != count * size:
        raise ClientMistake(
            f"{where}: {len(data)} bytes do not fit shape {shape} of {datatype}, which takes {count * size}"
        )
    if numpy:
        return _shaped(_array_of(data, datatype), shape, where)
    if datatype == BF16:
        wide = struct.pack(f"<{count}I", *(half << 16 for half in struct.unpack(f"<{count}H", data)))
        return nested(list(struct.unpack(f"<{count}f", wide)), shape, where)
    return nested(list(struct.unpack(f"<{count}{FORMATS[datatype]}", data)), shape, where)


def flattened(value: Any) -> list[Any]:
    """The leaves of nested lists, in order."""
    if isinstance(value, list | tuple):
        return [leaf for one in value for leaf in flattened(one)] if _nests(value) else list(value)
    return [value]


def _flat(data: Any, where: str) -> list[Any]:
    try:
        return flattened(data)
    except RecursionError as error:
        raise ClientMistake(f"{where}: its data are nested too deeply") from error


def nested(flat: list[Any], shape: list[int], where: str) -> Any:
    """As many values as `shape` holds, in its nesting; the value itself where it has no dimension."""
    if not shape:
        return flat[0]
    if not flat:
        before = shape[: shape.index(0)]
        if math.prod(before) > _MOST_EMPTY:
            raise ClientMistake(f"{where}: shape {shape} asks for more than {_MOST_EMPTY} empty lists")
        return _empty(before)
    found = flat
    for length in reversed(shape[1:]):
        found = [found[start : start + length] for start in range(0, len(found), length)]
    return found


def _empty(lengths: list[int]) -> list[Any]:
    return [_empty(lengths[1:]) for _ in range(lengths[0])] if lengths else []


def _nests(value: list[Any] | tuple[Any, ...]) -> bool:
    return any(issubclass(kind, (list, tuple)) for kind in set(map(type, value)))


def _text_alone(data: Any) -> Any:
    """Of BYTES one element stands for itself, as with TorchServe."""
    return data[0] if isinstance(data, list) and len(data) == 1 else data


def _elements(data: memoryview, count: int, where: str) -> list[bytes]:
    """BYTES in binary: each element behind its length, four bytes, the lowest first."""
    found: list[bytes] = []
    position = 0
    while position < len(data):
        begin = position + _LENGTH.size
        if begin > len(data):
            raise ClientMistake(f"{where}: its last element has half a length")
        (length,) = _LENGTH.unpack_from(data, position)
        position = begin + length
        if position > len(data):
            raise ClientMistake(f"{where}: element {len(found)} has {length} bytes, of which {len(data) - begin} came")
        found.append(bytes(data[begin:position]))
    if len(found) != count:
        raise ClientMistake(f"{where}: {len(found)} elements do not fit its shape, which holds {count}")
    return found


def _text(element: bytes) -> str | bytes:
    """Text, as JSON would have it, unless it is none."""
    try:
        return element.decode()
    except UnicodeDecodeError:
        return element


def numpy_name(datatype: str) -> str:
    """What numpy calls a datatype that is not BYTES."""
    if datatype in (BF16, "FP32"):
        return "float32"
    return datatype.lower().replace("fp", "float")


def _array(data: Any, datatype: str | None, where: str) -> Any:
    import numpy as np

    try:
        if datatype == BYTES:
            return _objects([one.encode() if isinstance(one, str) else one for one in flattened(data)])
        if datatype is not None and datatype not in DATATYPES:
            raise ClientMistake(f"{where}: datatype={datatype!r:.{_SHOWN}} is none of {', '.join(DATATYPES)}")
        if datatype is not None and "INT" in datatype:
            _expect_whole(data, datatype, where)
        return np.array(data, dtype=None if datatype is None else numpy_name(datatype))
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, ClientMistake):
            raise
        raise ClientMistake(f"{where}: its data are no {datatype or 'array'}: {error}") from error


def _expect_whole(data: Any, datatype: str, where: str) -> None:
    """Numpy would cut off what is behind the point. Raises: ClientMistake."""
    for one in flattened(data):
        if type(one) is float and not one.is_integer():
            raise ClientMistake(f"{where}: its data are no {datatype}: {one} is no whole number")


def _array_of(data: memoryview, datatype: str) -> Any:
    """A copy, as what stands somewhere in a body need not be aligned."""
    import numpy as np

    if datatype == BF16:
        return (np.frombuffer(data, "<u2").astype("uint32") << 16).view("float32")
    return np.frombuffer(data, "<" + FORMATS[datatype]).astype(numpy_name(datatype))


def _objects(elements: list[Any]) -> Any:
    import numpy as np

    array = np.empty(len(elements), dtype=object)
    array[:] = elements
    return array


def _shaped(array: Any, shape: list[int], where: str) -> Any:
    try:
        return array.reshape(shape)
    except ValueError as error:
        raise ClientMistake(f"{where}: {error}") from error
