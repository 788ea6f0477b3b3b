"""A ModelInferRequest → what a worker is sent. Pure; called by `service`.

A model that speaks V2 gets the protocol's own form: JSON, and all elements in binary behind it, so that no number is written as a
text and read again. Other models get TorchServe's: a JSON `body`, its texts in base64.
"""

import struct
from typing import Any

import msgspec

from servescope.datatypes import BYTES, FORMATS
from servescope.errors import BadRequest
from servescope.web.grpc.kserve.contents import given, in_json, packed, unpacked
from servescope.web.http.bodies import raw_fields
from servescope.wire.messages import Field

HEADER_LENGTH = "Inference-Header-Content-Length"

Parts = list[bytes]


def v2_body(asked: Any) -> tuple[bytes, Parts]:
    """The JSON, and the elements of each input.

    Raises:
        BadRequest: which input is wrong, and in what.
    """
    raw = _raw(asked)
    inputs, blobs = [], []
    for place, one in enumerate(asked.inputs):
        where = _where(place)
        blob = packed(given(one.contents, one.datatype, where), one.datatype, where) if raw is None else raw[place]
        blobs.append(blob)
        about = {"shape": list(one.shape), "datatype": one.datatype}
        name = {"name": one.name} if one.name else {}
        inputs.append(name | about | {"parameters": _parameters(one) | {"binary_data_size": len(blob)}})
    document = {"inputs": inputs, "parameters": _parameters(asked) | {"binary_data_output": True}}
    if asked.id:
        document["id"] = asked.id
    if asked.outputs:
        document["outputs"] = [
            {"name": one.name, "parameters": _parameters(one) | {"binary_data": True}} for one in asked.outputs
        ]
    return msgspec.json.encode(document), blobs


def v2_fields(head: bytes, blobs: Parts) -> tuple[list[Field], Parts]:
    """The body as a worker gets it; see `raw_fields`."""
    parts = [head, *filter(None, blobs)]
    fields, attachments = raw_fields(b"", [b"".join(parts)] if sum(map(len, parts)) <= _JOINED else parts)
    return fields, list(attachments)


def plain_fields(asked: Any) -> tuple[list[Field], Parts]:
    """TorchServe's body of it, for models that do not speak V2 [OpenInferenceProtocolImpl.modelInfer].

    Raises:
        BadRequest: which input is wrong, and in what.
    """
    raw = _raw(asked)
    inputs = []
    for place, one in enumerate(asked.inputs):
        where, datatype = _where(place), one.datatype
        elements = given(one.contents, datatype, where) if raw is None else _read(raw[place], datatype, where)
        about = {"name": one.name, "shape": list(one.shape), "datatype": datatype}
        inputs.append(about | {"data": in_json(elements, datatype)})
    document = {"id": asked.id, "model_name": asked.model_name, "inputs": inputs}
    fields, attachments = raw_fields(b"application/json", [msgspec.json.encode(document)])
    return fields, list(attachments)


_JOINED = 4096  # bytes that are sooner copied than carried apart


def _raw(asked: Any) -> Parts | None:
    """The inputs' elements where they come raw."""
    raw = list(asked.raw_input_contents)
    if not raw:
        return None
    if len(raw) != len(asked.inputs):
        raise BadRequest(f"KServe V2: raw_input_contents has {len(raw)} elements for {len(asked.inputs)} inputs")
    for place, one in enumerate(asked.inputs):
        if one.HasField("contents") and one.contents.ListFields():
            raise BadRequest(f"{_where(place)}: it has contents beside raw_input_contents")
    return raw


def _read(data: bytes, datatype: str, where: str) -> Any:
    if datatype not in FORMATS and datatype != BYTES:
        raise BadRequest(f"{where}: datatype={datatype!r:.80} is none of {', '.join((*FORMATS, BYTES))}")
    try:
        return list(unpacked(memoryview(data), datatype))
    except (ValueError, struct.error) as error:
        raise BadRequest(f"{where}: its raw contents are no {datatype}: {error}") from error


def _where(place: int) -> str:
    return f"KServe V2: inputs[{place}]"


def _parameters(holder: Any) -> dict[str, Any]:
    found = {}
    for name, value in holder.parameters.items():
        which = value.WhichOneof("parameter_choice")
        found[name] = None if which is None else getattr(value, which)
    return found
