"""The datatypes of KServe's V2 protocol: how each is written in binary. Read by the front end's configuration and by workers."""

from collections.abc import Mapping
from typing import Final

BYTES: Final = "BYTES"
BF16: Final = "BF16"

# By datatype: the format that `struct` and numpy know its elements by. BF16 is no format of theirs; BYTES has none.
FORMATS: Final[Mapping[str, str]] = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}
DATATYPES: Final = (*FORMATS, BF16, BYTES)
