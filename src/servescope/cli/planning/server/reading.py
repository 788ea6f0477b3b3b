"""A server's metrics as the planner reads them: in, samples of /metrics; out, a `Reading`. Pure, but for `read`. Called by
`bench`.
"""

import math
from collections.abc import Sequence

from servescope.cli.client.connection import Connection, NoAnswerError
from servescope.cli.client.scrape import Sample, parse, total, worked_s
from servescope.planner.limits.readings import Reading

_BUSY_STATES = ("ready", "busy")


def read(client: Connection, model: str, version: str, at_s: float) -> Reading:
    """Raises NoAnswerError where /metrics is not to be had."""
    return reading(samples_of(client), model, version, at_s)


def samples_of(client: Connection) -> list[Sample]:
    """All of /metrics. Raises NoAnswerError where it is not to be had."""
    answer = client.request("GET", "/metrics")
    if answer.is_error:
        raise NoAnswerError(f"{client.url} answered /metrics with {answer.status}")
    return parse(answer.text)


def reading(samples: Sequence[Sample], model: str, version: str, at_s: float) -> Reading:
    """What the page says of this version, and of the machine."""
    labels = {"model_name": model, "model_version": version}
    own = [one for one in samples if labels.items() <= one.labels.items()]
    every = total(samples, "servescope_requests_total")
    return Reading(
        at_s=at_s,
        measured=bool(own),
        workers=int(sum(total(own, "servescope_workers", state=state) for state in _BUSY_STATES)),
        busy_s=total(own, "servescope_worker_busy_seconds_total"),
        workers_cpu_s=worked_s(own),
        worker_memory_bytes=_most(own, "servescope_worker_memory_bytes") or 0.0,
        front_cpu_s=_most(samples, "process_cpu_seconds_total"),
        rejected=total(own, "servescope_rejected_total"),
        throttled_s=_most(samples, "servescope_cgroup_cpu_throttled_seconds_total"),
        in_flight=total(own, "servescope_requests_in_flight"),
        own_requests=total(own, "servescope_requests_total"),
        other_requests=every - total(own, "servescope_requests_total"),
        tokens=total(own, "servescope_llm_tokens_total", kind="generation"),
        preemptions=total(own, "servescope_llm_preemptions_total"),
        cpu_share=_part(_most(samples, "CPUUtilization"), 100),
        memory_share=_memory_share(samples),
        memory_bytes=_memory(samples),
        gpu_share=_most(samples, "servescope_gpu_utilization_ratio"),
        kv_share=_most(own, "servescope_llm_kv_cache_usage_ratio"),
        cores=_most(samples, "servescope_cgroup_cpu_limit_cores"),
    )


def _memory(samples: Sequence[Sample]) -> float | None:
    """What there is, in bytes: the container's limit, or else the machine's."""
    limit = _most(samples, "servescope_cgroup_memory_limit_bytes")
    if limit is not None:
        return limit
    used, left = _most(samples, "MemoryUsed"), _most(samples, "MemoryAvailable")
    return None if used is None or left is None else (used + left) * 2**20


def _memory_share(samples: Sequence[Sample]) -> float | None:
    used, limit = (_most(samples, f"servescope_cgroup_memory_{what}bytes") for what in ("", "limit_"))
    return used / limit if used and limit else _part(_most(samples, "MemoryUtilization"), 100)


def _most(samples: Sequence[Sample], name: str) -> float | None:
    return max((one.value for one in samples if one.name == name and math.isfinite(one.value)), default=None)


def _part(value: float | None, of: float) -> float | None:
    return None if value is None else value / of
