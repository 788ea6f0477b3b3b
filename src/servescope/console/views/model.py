"""One model version at length: in, its card, and what is kept of workers and refusals; out, its page."""

from collections.abc import Mapping
from typing import Any, Final

from servescope.console.history.kept import Track
from servescope.console.history.memory import (
    WINDOW_S,
    WORKER_GPU,
    WORKER_MEMORY,
    Memory,
)
from servescope.console.history.readings import Stretch, last
from servescope.fleet.worker.worker import Worker
from servescope.metrics.snapshot import Snapshot
from servescope.serving.model import Model

QUARTER_S: Final = 900.0


def page(model: Model, memory: Memory, snapshot: Snapshot) -> dict[str, Any]:
    """What its page has beside its card."""
    track = (model.name, model.version)
    recent, quarter = last(memory.hour, track, WINDOW_S), last(memory.hour, track, QUARTER_S)
    bounds, counts = recent.counts("batch")
    return {
        "info": _info(model, snapshot),
        "batch_sizes": {"bounds": bounds, "counts": counts},
        "refusals": _by_reason("rejected", "servescope_rejected_total", track, quarter, snapshot),
        "restarts": _by_reason("restarts", "servescope_worker_restarts_total", track, quarter, snapshot),
        "last_trouble": model.pool.troubles.latest,
        "worker_list": [
            _worker(worker, track, memory, snapshot) for worker in sorted(model.pool, key=lambda one: one.number)
        ],
    }


def _info(model: Model, snapshot: Snapshot) -> dict[str, Any]:
    info = {
        "runtime": model.runtime,
        "batch_size": model.dispatcher.options.batch_size,
        "max_batch_delay_ms": model.options.max_batch_delay_ms,
        "response_timeout_s": model.options.response_timeout_s,
    }
    for key in snapshot.of_model("servescope_model_info", model.name, model.version):
        return info | {"handler": key[2], "device": key[6]}
    return info | {"handler": None, "device": None}


def _by_reason(column: str, family: str, track: Track, quarter: Stretch, snapshot: Snapshot) -> list[dict[str, Any]]:
    totals = {key[2]: value for key, value in snapshot.of_model(family, *track).items()}
    return [
        {"reason": reason, "total": total, "recent": quarter.total(column, reason)} for reason, total in totals.items()
    ]


def _worker(worker: Worker, track: Track, memory: Memory, snapshot: Snapshot) -> dict[str, Any]:
    labels = (*track, worker.name)
    busy, cpu = memory.worker_shares(snapshot, labels)
    gpu = {key[3]: value for key, value in snapshot.of_model(WORKER_GPU, *track).items() if key[:3] == labels}
    there = worker.life.elsewhere
    return {
        "name": worker.name,
        "state": str(worker.state),
        "retiring": worker.retiring,
        "pid": worker.pid or None,
        "started": worker.started_at.timestamp(),
        "memory_bytes": snapshot.number(WORKER_MEMORY, *labels),
        "cpu_ratio": cpu,
        "busy_ratio": None if busy is None else min(1.0, busy),
        "batch_s": worker.hand.batch_s,
        "in_hand": len(worker.hand.request_ids),
        "device": _device(gpu, worker),
        "gpu_memory_bytes": sum(gpu.values()) if gpu else None,
        "node": None if there is None else there.node,
        "host": None if there is None else there.host,
    }


def _device(gpu: Mapping[str, float], worker: Worker) -> str | None:
    """The GPUs that it has memory of, else the one that it was dealt."""
    dealt = [] if worker.devices.gpu_id is None else [str(worker.devices.gpu_id)]
    found = sorted(gpu) or dealt
    return f"GPU {', '.join(found)}" if found else None
