"""How a model speaks KServe's V2 protocol: in, the `v2` section of its model-config.yaml; out, `V2`.

Called by `config`; read by `web.kserve`, which shows it, and told to workers. The section is this project's own, so a mistake in it
is refused.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from servescope.config.model.yaml_values import shown
from servescope.config.nearest import nearest
from servescope.datatypes import DATATYPES
from servescope.errors import BadRequest

TENSORS: Final = ("lists", "numpy")
V2_KEYS: Final[Mapping[str, str]] = {
    "inputs": "The model's inputs, a list of mappings with name, datatype and shape (-1: any length), for clients that ask what"
    " it takes.",
    "outputs": "Its outputs, in the same way. What the handler returns gets these names and datatypes, in this order; without"
    " them each is called as the input in its place.",
    "tensors": "What a handler finds under data of each input: lists (as JSON would give them) or numpy (arrays).",
    "platform": "What clients are told as the model's platform; pytorch unless given.",
}
_TENSOR_KEYS: Final = ("name", "datatype", "shape")
_MOST_TENSORS: Final = 1000
_MOST_DIMENSIONS: Final = 32
_LONGEST: Final = 2**63 - 1


class TensorFacts(Struct, frozen=True):
    """A tensor as clients are told of it. A length of -1 in `shape` is any."""

    name: str
    datatype: str
    shape: tuple[int, ...]


class V2(Struct, frozen=True, kw_only=True):
    """What the section says."""

    inputs: tuple[TensorFacts, ...] = ()
    outputs: tuple[TensorFacts, ...] = ()
    tensors: str = "lists"
    platform: str = "pytorch"


_UNSAID: Final = V2()


def parse_v2(section: Any, where: str) -> V2:
    """Read what YAML made of `v2`; an empty section is one. `where` names model and file in the messages.

    Raises:
        BadRequest: it names an unknown key, or a value that is none of the key's.
    """
    if section is None:
        return _UNSAID
    known = mapping_of(section, V2_KEYS, f"{where}: v2")
    tensors = known.get("tensors", _UNSAID.tensors)
    if tensors not in TENSORS:
        raise BadRequest(f"{where}: v2: tensors={shown(tensors)} is none of {', '.join(TENSORS)}")
    return V2(
        inputs=_tensors(known.get("inputs"), f"{where}: v2: inputs"),
        outputs=_tensors(known.get("outputs"), f"{where}: v2: outputs"),
        tensors=tensors,
        platform=_text(known.get("platform", _UNSAID.platform), f"{where}: v2: platform"),
    )


def mapping_of(value: Any, keys: Mapping[str, str] | tuple[str, ...], where: str) -> dict[str, Any]:
    """A section, whose keys are all of these.

    Raises:
        BadRequest: it is no mapping, or has another key.
    """
    if not isinstance(value, dict):
        raise BadRequest(f"{where}={shown(value)} is no mapping: its keys are {', '.join(keys)}")
    for key in value:
        if key not in keys:
            near = nearest(key, keys)
            hint = f"did you mean {near}?" if near else f"its keys are {', '.join(keys)}"
            raise BadRequest(f"{where}: {shown(key)} is no known key; {hint}")
    return value


def _tensors(value: Any, where: str) -> tuple[TensorFacts, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise BadRequest(f"{where}={shown(value)} is no list of tensors")
    if len(value) > _MOST_TENSORS:
        raise BadRequest(f"{where} has {len(value)} tensors; at most {_MOST_TENSORS} are taken")
    found = tuple(_tensor(one, f"{where}[{place}]") for place, one in enumerate(value))
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise BadRequest(f"{where} has two tensors with the name {shown(name)}")
    return found


def _tensor(value: Any, where: str) -> TensorFacts:
    given = mapping_of(value, _TENSOR_KEYS, where)
    for key in _TENSOR_KEYS:
        if key not in given:
            raise BadRequest(f"{where} has no {key}: a tensor has {', '.join(_TENSOR_KEYS)}")
    datatype = given["datatype"]
    if datatype not in DATATYPES:
        raise BadRequest(f"{where}: datatype={shown(datatype)} is none of {', '.join(DATATYPES)}")
    return TensorFacts(_text(given["name"], f"{where}: name"), datatype, _shape(given["shape"], f"{where}: shape"))


def _shape(value: Any, where: str) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(one) is int and -1 <= one <= _LONGEST for one in value):
        raise BadRequest(f"{where}={shown(value)} is no list of lengths, of which -1 is any")
    if len(value) > _MOST_DIMENSIONS:
        raise BadRequest(f"{where} has {len(value)} dimensions; at most {_MOST_DIMENSIONS} are taken")
    return tuple(value)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{where}={shown(value)} is no text")
    return value
