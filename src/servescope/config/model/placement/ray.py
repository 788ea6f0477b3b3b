"""Where on a Ray cluster a model's workers run, and with what: in, the section `ray` of its model-config.yaml; out, `RayOptions`.

The key `backend` says whether. Called by `config`; read by `fleet.backends.ray`. Both are this project's own, so a mistake in
them is refused.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct, field

from servescope.config.bounds import MAX_GPUS, MAX_PROCESSES
from servescope.config.model.v2 import mapping_of
from servescope.config.model.yaml_values import OutOfBounds, shown
from servescope.errors import BadRequest

PROCESS: Final = "process"
RAY: Final = "ray"
SPREAD: Final = "spread"
PACK: Final = "pack"
NODE: Final = "node:"
RAY_KEYS: Final[Mapping[str, str]] = {
    "num_cpus": "Processors that a worker is counted as, fractions too; 1 unless given.",
    "num_gpus": "GPUs that a worker gets: a whole number, or a fraction of one. parallelLevel unless given, else none.",
    "resources": "A mapping of the cluster's own resources to how much of each a worker takes.",
    "memory_mb": "Memory that a worker is counted with, in MiB. Ray places by it, and does not bound it.",
    "placement": "spread (over the nodes), pack (on few), or node:NAME, by the node's id, name or address; pack unless given.",
    "runtime_env": "Ray's, of which pip (a list of requirements, or the path of a file with them) and env_vars may be given.",
}
_ENVIRONMENT_KEYS: Final = ("pip", "env_vars")
_LEAST: Final = 0.0001
_MOST: Final = 1000
_MOST_MIB: Final = 2**30


class RayOptions(Struct, frozen=True, kw_only=True):
    """What the section says. `num_gpus` None: as parallelLevel says. `runtime_env`: as Ray takes it."""

    num_cpus: float = 1.0
    num_gpus: float | None = None
    resources: Mapping[str, float] = field(default_factory=dict)
    memory_mb: int | None = None
    placement: str = PACK
    runtime_env: Mapping[str, Any] = field(default_factory=dict)


def backend(value: Any) -> str:
    """The key `backend`: where workers run."""
    if value in (PROCESS, RAY):
        return str(value)
    raise OutOfBounds(f"is neither {PROCESS} nor {RAY}")


def parse_ray(section: Any, where: str) -> RayOptions:
    """Read what YAML made of `ray`; an empty section is one. `where` names model and file in the messages.

    Raises:
        BadRequest: it names an unknown key, or a value that is none of the key's.
    """
    if section is None:
        return RayOptions()
    where = f"{where}: ray"
    known = mapping_of(section, RAY_KEYS, where)
    given: dict[str, Any] = {
        name: read(known[name], f"{where}: {name}") for name, read in _READERS.items() if name in known
    }
    return RayOptions(**given)


def _amount(value: Any, where: str, most: float = MAX_PROCESSES) -> float:
    if type(value) not in (int, float) or not 0 <= value <= most or not math.isfinite(value):
        raise BadRequest(f"{where}={shown(value)} is no number from 0 to {most:g}")
    if 0 < value < _LEAST:
        raise BadRequest(f"{where}={shown(value)} is less than the {_LEAST:g} that Ray counts by")
    return float(value)


def _gpus(value: Any, where: str) -> float:
    number = _amount(value, where, MAX_GPUS)
    if number > 1 and number % 1:
        raise BadRequest(f"{where}={shown(value)} is neither a whole number nor a fraction of one GPU")
    return number


def _resources(value: Any, where: str) -> Mapping[str, float]:
    if not isinstance(value, dict) or len(value) > _MOST or not all(isinstance(name, str) and name for name in value):
        raise BadRequest(f"{where}={shown(value)} is no mapping of resources to numbers")
    for name in ("CPU", "GPU", "memory", "object_store_memory"):
        if name in value:
            raise BadRequest(f"{where}: {name} is no resource of your own; use num_cpus, num_gpus or memory_mb")
    return {name: _amount(amount, f"{where}: {name}") for name, amount in value.items()}


def _mib(value: Any, where: str) -> int:
    if type(value) is not int or not 1 <= value <= _MOST_MIB:
        raise BadRequest(f"{where}={shown(value)} is no whole number from 1 to {_MOST_MIB}")
    return value


def _placement(value: Any, where: str) -> str:
    if value in (SPREAD, PACK) or (isinstance(value, str) and value.startswith(NODE) and len(value) > len(NODE)):
        return str(value)
    raise BadRequest(f"{where}={shown(value)} is none of {SPREAD}, {PACK}, {NODE}NAME")


def _environment(value: Any, where: str) -> Mapping[str, Any]:
    known = mapping_of(value, _ENVIRONMENT_KEYS, where)
    pip, variables = known.get("pip", []), known.get("env_vars", {})
    if not isinstance(pip, str) and not _are_texts(pip):
        raise BadRequest(f"{where}: pip={shown(pip)} is neither a list of requirements nor a file's path")
    if not isinstance(variables, dict) or not _are_texts([*variables, *variables.values()]):
        raise BadRequest(f"{where}: env_vars={shown(variables)} is no mapping of texts to texts (quote numbers)")
    return dict(known)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 2 * _MOST and all(isinstance(one, str) for one in value)


_READERS: Final = {
    "num_cpus": _amount,
    "num_gpus": _gpus,
    "resources": _resources,
    "memory_mb": _mib,
    "placement": _placement,
    "runtime_env": _environment,
}
