"""A request of KServe's V2 protocol → `InferRequest`. Called by `kservev2` and `v2`.

Its JSON names inputs and what is wanted of the outputs. Data stand in the JSON, or in binary behind it, in the order of the inputs,
as many bytes each as its parameter `binary_data_size` says (the protocol's extension for binary tensors).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from servescope.worker.envelopes.arriving import Blobs, shape_of, value_in_binary, value_in_json
from servescope.worker.envelopes.base import ClientMistake, Row

WHO = "KServe V2"
_NOT_HERE = ("shared_memory_region", "classification")


@dataclass(frozen=True)
class InferRequest:
    """`inputs`: rows for the handler, their data in the nesting of their shapes. `names`: theirs, in order.

    `wanted`: output → whether in binary; None: all of them, in binary where `binary`. `parameters`: the request's own.
    """

    id: Any = None
    inputs: list[Row] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    wanted: dict[str, bool] | None = None
    binary: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def asked_in_binary(self, name: str) -> bool | None:
        """How an output is wanted; None: not at all."""
        return self.binary if self.wanted is None else self.wanted.get(name)


def read_request(document: Row, numpy: bool, blobs: Blobs | None = None) -> InferRequest:
    """`document`: the JSON, which has a list under `inputs`. `numpy`: data become arrays. `blobs`: what came behind the JSON.

    Raises:
        ClientMistake: which input is wrong, and in what.
    """
    rest = blobs if blobs is not None else Blobs(b"")
    inputs = [
        _input(one, f"{WHO}: inputs[{place}]", place, rest, numpy) for place, one in enumerate(document["inputs"])
    ]
    rest.end()
    parameters = _parameters(document, WHO)
    return InferRequest(
        document.get("id"),
        inputs,
        [row["name"] for row in inputs],
        _wanted(document.get("outputs")),
        parameters.get("binary_data_output") is True,
        parameters,
    )


def _input(given: Any, where: str, place: int, blobs: Blobs, numpy: bool) -> Row:
    """An input as a row: as it came, with its data in place, whichever way they came."""
    if not isinstance(given, dict):
        raise ClientMistake(f"{where} is no object")
    name = given.get("name", f"input-{place}")
    if not isinstance(name, str):
        raise ClientMistake(f"{where}: name is no text")
    parameters = _parameters(given, where)
    shape = shape_of(given.get("shape"), where)
    datatype = given.get("datatype")
    if datatype is not None and not isinstance(datatype, str):
        raise ClientMistake(f"{where}: datatype is no text")
    row = {key: value for key, value in given.items() if key != "parameters"} | {"name": name}
    size = parameters.get("binary_data_size")
    if size is None:
        row["data"] = value_in_json(given.get("data"), datatype, shape, numpy, where)
    else:
        row["data"] = value_in_binary(blobs.take(size, where), datatype, shape, numpy, where)
    if kept := {key: value for key, value in parameters.items() if key != "binary_data_size"}:
        row["parameters"] = kept
    return row


def _wanted(outputs: Any) -> dict[str, bool] | None:
    if outputs is None:
        return None
    if not isinstance(outputs, list):
        raise ClientMistake(f"{WHO}: outputs is no list")
    wanted = {}
    for place, one in enumerate(outputs):
        where = f"{WHO}: outputs[{place}]"
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise ClientMistake(f"{where} is no object with a name")
        wanted[one["name"]] = _parameters(one, where).get("binary_data") is True
    return wanted or None


def _parameters(given: Row, where: str) -> Row:
    parameters = given.get("parameters")
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise ClientMistake(f"{where}: parameters is no object")
    for name in _NOT_HERE:
        if parameters.get(name):
            raise ClientMistake(f"{where}: {name} is not supported here")
    return parameters
