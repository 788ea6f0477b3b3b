"""What the client of a workflow gets: the answers of the leaves in, one body out. Pure.

One leaf's answer is the body as it is; several make a JSON object by their nodes' names, in the order of the graph (contract,
section H). There TorchServe takes JSON objects alone; here any JSON, and text, which becomes a string.
"""

import json
from collections.abc import Mapping
from typing import Any

from servescope.errors import WorkerFailed
from servescope.serving.queue.job import Piece


def answer_of(leaves: Mapping[str, Piece]) -> Any:
    """The bytes of the one leaf, or the object of several.

    Raises:
        WorkerFailed: a leaf's answer cannot stand in JSON; the text names it.
    """
    if len(leaves) == 1:
        return next(iter(leaves.values()))
    return {node: _value(node, bytes(answer)) for node, answer in leaves.items()}


def _value(node: str, answer: bytes) -> Any:
    try:
        text = answer.decode("utf-8")
    except UnicodeDecodeError as error:
        text = f"Error executing {node}: its answer, of {len(answer)} bytes, is neither JSON nor text, as it is to be beside others"
        raise WorkerFailed(text) from error
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text


def _refuse(word: str) -> None:
    """NaN and the infinities, which Python writes and reads, are no JSON."""
    raise ValueError(word)
