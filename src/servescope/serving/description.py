"""A model version as the management API describes it: TorchServe's fields in TorchServe's order. Called by `web.management.api`."""

import time
from collections.abc import Callable
from typing import Any

from servescope.config.model.options import ModelOptions
from servescope.fleet.worker.work import WorkerState
from servescope.fleet.worker.worker import Worker
from servescope.serving.model import Model

_READY = (WorkerState.READY, WorkerState.BUSY)


def describe_worker(
    worker: Worker, resident_bytes: Callable[[int], int], gpu_usage: Callable[[int], str]
) -> dict[str, Any]:
    """One entry of `workers`. `status` is UNLOADING for all that cannot take work now, loading ones included, as TorchServe's."""
    gpu = worker.devices.gpu_id
    return {
        "id": str(worker.number),
        "startTime": worker.started_at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{worker.started_at.microsecond // 1000:03d}Z",
        "status": "READY" if worker.state in _READY else "UNLOADING",
        "memoryUsage": _memory(worker, resident_bytes),
        "pid": worker.pid,
        "gpu": gpu is not None,
        "gpuUsage": "N/A" if gpu is None else gpu_usage(gpu),
    }


def _memory(worker: Worker, resident_bytes: Callable[[int], int]) -> int:
    told = worker.life.elsewhere
    if told is not None:
        return told.memory_bytes or 0
    return resident_bytes(worker.pid) if worker.pid else 0


def describe(
    model: Model, resident_bytes: Callable[[int], int], gpu_usage: Callable[[int], str], metadata: Any = None
) -> dict[str, Any]:
    """A model version. `metadata`: what the handler says of itself, left out where None was asked for.

    TorchServe has neither `asleep`, which is there where it has no workers until a request comes, nor `unloading`, where it is
    unregistered and has yet to finish.
    """
    described = _registered(model) | _modes(model.options)
    described["loadedAtStartup"] = model.loaded_at_startup
    described["workers"] = [
        describe_worker(worker, resident_bytes, gpu_usage)
        for worker in sorted(model.pool, key=lambda worker: worker.number)
    ]
    pending = len(model.dispatcher)
    described["jobQueueStatus"] = {
        "remainingCapacity": max(0, model.options.job_queue_size - pending),
        "pendingRequests": pending,
    }
    if model.asleep:
        described["asleep"] = True
    if model.leaves_by is not None:
        left = max(0, round(model.leaves_by - time.monotonic()))
        described["unloading"] = {"requestsInFlight": model.in_flight, "secondsLeft": left}
    if metadata is not None:
        described["customizedMetadata"] = metadata
    return described


def _registered(model: Model) -> dict[str, Any]:
    """What it is and runs with."""
    options = model.options
    described: dict[str, Any] = {
        "modelName": model.name,
        "modelVersion": model.version,
        **({"modelUrl": model.archive.url} if model.archive.url else {}),  # a workflow's function has none
        "runtime": model.runtime,
        "minWorkers": options.min_workers,
        "maxWorkers": options.max_workers,
        "batchSize": model.dispatcher.options.batch_size,  # of a language model 1, whatever was asked for
        "maxBatchDelay": options.max_batch_delay_ms,
        "responseTimeout": options.response_timeout_s,
        "startupTimeout": options.startup_timeout_s,
        "maxRetryTimeoutInSec": options.max_retry_timeout_s,
        "clientTimeoutInMills": options.client_timeout_ms,
        "parallelType": options.parallel_type,
        "parallelLevel": options.parallel_level,
        "deviceType": options.device_type,
    }
    if options.device_ids is not None:
        described["deviceIds"] = list(options.device_ids)
    return described


def _modes(options: ModelOptions) -> dict[str, Any]:
    """How requests are put together, and sequences of them."""
    return {
        "continuousBatching": options.continuous_batching,
        "useJobTicket": options.use_job_ticket,
        "useVenv": options.use_venv,
        "stateful": options.sequence_batching,
        "sequenceMaxIdleMSec": options.sequence_max_idle_ms,
        "sequenceTimeoutMSec": options.sequence_timeout_ms,
        "maxNumSequence": options.max_num_sequence,
        "maxSequenceJobQueueSize": options.max_sequence_job_queue_size,
    }
