"""What a snapshot decides of a model that is restored: in, its `SavedVersion` and what it would run with else; out, `ModelOptions`.

Called by `serving.registration`. As in TorchServe (wlm/Model.setModelState) it comes before model-config.yaml.
"""

from dataclasses import replace
from typing import Any

from msgspec import UNSET

from servescope.config.model.options import ModelOptions
from servescope.config.model.placement.devices import worker_capacity
from servescope.config.model.worker_counts import most_workers
from servescope.config.settings import Settings
from servescope.config.snapshots.saved import SavedVersion


def restored_options(
    saved: SavedVersion, otherwise: ModelOptions, settings: Settings, *, cpus: int, gpus: int
) -> ModelOptions:
    """What the snapshot does not say is as it would be `otherwise`.

    It may be a larger machine's: workers that are too many here are left out, with a warning.
    """
    least, most = saved.min_workers, max(saved.min_workers, saved.max_workers)
    limit = most_workers(settings, cpus, gpus)
    capacity = worker_capacity(otherwise.device_type, otherwise.device_ids, otherwise.parallel_level, gpus)
    limit = limit if capacity is None else min(limit, capacity)
    warnings = list(otherwise.warnings)
    if most > limit:
        warnings.append(f"the snapshot's minWorkers {least} with maxWorkers {most} is too much here: {limit} at most")
    return replace(
        otherwise,
        min_workers=min(least, limit),
        max_workers=min(most, limit),
        warnings=tuple(warnings),
        **_rest(saved, otherwise, settings),
    )


def _rest(saved: SavedVersion, otherwise: ModelOptions, settings: Settings) -> dict[str, Any]:
    numbers = {"batch_size": saved.batch_size}
    if not settings.debug:
        numbers |= {"response_timeout_s": saved.response_timeout, "startup_timeout_s": saved.startup_timeout}
    found: dict[str, Any] = {name: number for name, number in numbers.items() if number > 0}
    if saved.max_batch_delay >= 0:
        found["max_batch_delay_ms"] = saved.max_batch_delay
    if saved.autoscale is not UNSET and settings.metrics_mode != "off":
        found["autoscale"] = replace(otherwise.autoscale, mode=saved.autoscale)
    return {**found, "runtime": saved.runtime_type}
