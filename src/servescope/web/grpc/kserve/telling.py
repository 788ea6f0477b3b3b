"""A worker's answer → a ModelInferResponse. Pure; called by `service`.

It is as the request was: raw, or typed where that was typed. FP16 and BF16 have no typed form, and make all of an answer raw.
"""

import json
from collections.abc import Mapping
from typing import Any

from servescope.datatypes import BYTES
from servescope.errors import WorkerFailed
from servescope.serving.queue.job import Piece
from servescope.web.grpc.kserve.asking import HEADER_LENGTH
from servescope.web.grpc.kserve.contents import FIELDS, packed, unpacked

FINAL = "triton_final_response"


def fill(response: Any, body: Piece, headers: Mapping[str, str], *, raw: bool) -> None:
    """Write a V2 answer into `response`. `headers`: what the worker says of it.

    Raises:
        WorkerFailed: it is none, as of a model that does not speak V2.
    """
    view = memoryview(body)
    try:
        length = int(headers.get(HEADER_LENGTH, len(view)))
        document = json.loads(bytes(view[:length]))
        response.model_name = document.get("model_name") or ""
        response.model_version = document.get("model_version") or ""
        response.id = str(document.get("id") or "")
        outputs = document["outputs"]
        if length < len(view) or HEADER_LENGTH in headers:
            raw = raw or any(output["datatype"] not in FIELDS for output in outputs)
            _from_binary(response, outputs, view[length:], raw=raw)
        else:
            _from_json(response, outputs)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise WorkerFailed(
            f"The model's answer is none of KServe's V2 protocol: {type(error).__name__}: {error}"
        ) from error


def fill_piece(response: Any, piece: Piece, output: str, *, raw: bool) -> None:
    """Write a piece of a streamed answer into `response`: one element of BYTES."""
    element = bytes(piece)
    told = response.outputs.add(name=output, datatype=BYTES, shape=[1])
    if raw:
        response.raw_output_contents.append(packed([element], BYTES, output))
    else:
        told.contents.bytes_contents.append(element)


def _from_binary(response: Any, outputs: list[Any], data: memoryview, *, raw: bool) -> None:
    for output in outputs:
        size = output["parameters"]["binary_data_size"]
        mine, data = data[:size], data[size:]
        told = response.outputs.add(name=output["name"], datatype=output["datatype"], shape=output["shape"])
        if raw:
            response.raw_output_contents.append(bytes(mine))
        else:
            getattr(told.contents, FIELDS[output["datatype"]]).extend(unpacked(mine, output["datatype"]))


def _from_json(response: Any, outputs: list[Any]) -> None:
    """Of a model that writes its answer itself: its data are nested or flat."""
    for output in outputs:
        datatype = output["datatype"]
        told = response.outputs.add(name=output["name"], datatype=datatype, shape=output["shape"])
        elements = list(_leaves(output["data"]))
        if datatype == BYTES:
            elements = [one.encode() if isinstance(one, str) else json.dumps(one).encode() for one in elements]
        getattr(told.contents, FIELDS[datatype]).extend(elements)


def _leaves(data: Any) -> Any:
    if not isinstance(data, list):
        yield data
        return
    for one in data:
        yield from _leaves(one)
