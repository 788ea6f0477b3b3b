"""What a snapshot decides of a model that is restored: in, its `SavedVersion`; out, what goes before all else in `options`."""

from dataclasses import replace
from typing import Any

from msgspec import UNSET

from servescope.config.model.autoscale import Autoscale
from servescope.config.settings import Settings
from servescope.config.snapshots.saved import SavedVersion


def saved_workers(saved: SavedVersion, most: int, warnings: list[str]) -> tuple[int, int]:
    """The least and the most workers. The snapshot may be a larger machine's: what is too many is cut to `most`, with a warning."""
    least, limit = saved.min_workers, max(saved.min_workers, saved.max_workers)
    if limit > most:
        warnings.append(
            f"the snapshot's minWorkers {least} with maxWorkers {limit} is above max_workers_per_model: {most} at most"
        )
    return min(least, most), min(limit, most)


def saved_rest(saved: SavedVersion, autoscale: Autoscale, settings: Settings) -> dict[str, Any]:
    """Fields of `ModelOptions`; what the snapshot does not say is left out."""
    numbers = {"batch_size": saved.batch_size, "max_batch_delay_ms": saved.max_batch_delay}
    if not settings.debug:
        numbers |= {"response_timeout_s": saved.response_timeout, "startup_timeout_s": saved.startup_timeout}
    found: dict[str, Any] = {name: number for name, number in numbers.items() if number > 0}
    if saved.max_batch_delay == 0:
        found["max_batch_delay_ms"] = 0
    if saved.autoscale is not UNSET and settings.metrics_mode != "off":
        found["autoscale"] = replace(autoscale, mode=saved.autoscale)
    return {**found, "runtime": saved.runtime_type}
