"""Where a model's workers run, and on which GPUs: in, its yaml, the settings and this machine's GPUs; out, options.

Called by `options`.
"""

from typing import Any

from msgspec.structs import replace

from servescope.config.model.config import ModelConfig
from servescope.config.model.placement.ranks import ranks_of
from servescope.config.model.placement.ray import RAY, RayOptions
from servescope.config.settings import Settings
from servescope.errors import InvalidModel


def worker_capacity(device_type: str, device_ids: tuple[int, ...] | None, parallel_level: int, gpus: int) -> int | None:
    """How many workers of a parallel model the GPUs carry, None where nothing limits them; scaling asks as well."""
    if device_type != "gpu" or parallel_level == 0:
        return None
    return (len(device_ids) if device_ids else gpus) // parallel_level


def placed(config: ModelConfig, settings: Settings, gpus: int, warnings: list[str]) -> dict[str, Any]:
    """The options that say where its workers run, and which GPUs they have. `gpus`: how many of this machine's may be used.

    Raises:
        InvalidModel: it asks for what has no meaning on Ray.
    """
    ray = _place_on_ray(config, settings, warnings)
    devices = _devices(config, gpus, warnings) if ray is None else _devices_on_ray(ray)
    ranks = ranks_of(config)
    if ranks is not None and ray is not None:
        warnings.append(f"parallelType {config.parallel_type} has no effect on Ray: a worker is one process there")
        ranks = None
    return {"ray": ray, "parallel_type": config.parallel_type or "", "ranks": ranks, **devices}


def _place_on_ray(config: ModelConfig, settings: Settings, warnings: list[str]) -> RayOptions | None:
    backend = config.backend or settings.worker_backend
    if backend != RAY:
        if config.ray is not None:
            warnings.append(
                f"its section ray has no effect: its workers run in a {backend}, by backend or worker_backend"
            )
        return None
    if config.device_ids:
        raise InvalidModel(
            f"deviceIds {list(config.device_ids)} has no meaning on Ray, which assigns GPUs: use ray: num_gpus"
        )
    if config.use_venv:
        raise InvalidModel("useVenv has no meaning on Ray, whose nodes are other machines: use ray: runtime_env: pip")
    options = config.ray or RayOptions()
    parallel = config.parallel_type and config.device_type != "cpu"
    level = float((config.parallel_level or 1) if parallel else 0)
    if options.num_gpus is None:
        return replace(options, num_gpus=level)
    if level and options.num_gpus != level:
        raise InvalidModel(
            f"parallelLevel {level:g} and ray: num_gpus {options.num_gpus:g} differ: leave out one of them"
        )
    return options


def _devices(config: ModelConfig, gpus: int, warnings: list[str]) -> dict[str, Any]:
    ids = config.device_ids or None
    if ids and (absent := [number for number in ids if number >= gpus]):
        warnings.append(f"deviceIds {list(ids)} is ignored: there is no GPU {absent[0]} ({gpus} may be used)")
        ids = None
    return {
        "device_type": "gpu" if gpus and config.device_type != "cpu" else "cpu",
        "device_ids": ids,
        "parallel_level": (config.parallel_level or 1) if config.parallel_type else 0,
    }


def _devices_on_ray(ray: RayOptions) -> dict[str, Any]:
    return {
        "device_type": "gpu" if ray.num_gpus else "cpu",
        "device_ids": None,
        "parallel_level": 0,  # Ray deals the GPUs out
    }
