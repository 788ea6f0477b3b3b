"""What the client of a workflow gets: the answers of the leaves in, one body out. Pure.

One leaf's answer is the body as it is; several make a JSON object by their nodes' names, in the order of the graph (contract,
section H). There TorchServe takes JSON objects alone; here any JSON, to the digit, and text, which becomes a string.
"""

import json
from collections.abc import Mapping

import msgspec

from servescope.errors import WorkerFailed
from servescope.serving.queue.job import Piece


def answer_of(leaves: Mapping[str, Piece]) -> Piece:
    """The bytes of the one leaf, or the object of several, indented as TorchServe's.

    Raises:
        WorkerFailed: a leaf's answer cannot stand in JSON; the text names it.
    """
    if len(leaves) == 1:
        return next(iter(leaves.values()))
    members = (_string(node) + b":" + _value(node, bytes(answer)) for node, answer in leaves.items())
    return msgspec.json.format(b"{%b}" % b",".join(members), indent=2) + b"\n"


def _value(node: str, answer: bytes) -> bytes:
    try:
        text = answer.decode("utf-8")
    except UnicodeDecodeError as error:
        said = f"Error executing {node}: its answer, of {len(answer)} bytes, is neither JSON nor text, as it is to be beside others"
        raise WorkerFailed(said) from error
    return answer if _is_json(text) else _string(text)


def _is_json(text: str) -> bool:
    """Also where numbers are larger than any that Python reads; not where it is nested too deep to be written out."""
    try:
        json.loads(text, parse_constant=_refuse, parse_int=str, parse_float=str)
        msgspec.json.format(f"[{text}]", indent=-1)
    except (ValueError, RecursionError, msgspec.DecodeError):
        return False
    return True


def _string(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode("utf-8")


def _refuse(word: str) -> None:
    """NaN and the infinities, which Python writes and reads, are no JSON."""
    raise ValueError(word)
