"""JSON as TorchServe prints it: in, a value; out, bytes with an indent of two and a line feed. Called by whatever answers with it.

Not by `json.dumps(indent=2)`, whose encoder is a circle of functions that each call would leave to the garbage collector.
"""

import json
from typing import Any

import msgspec


def pretty_json(value: Any) -> bytes:
    """Members keep their order; lone surrogates become question marks."""
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return msgspec.json.format(text, indent=2) + b"\n"
