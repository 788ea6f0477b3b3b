"""What a server's metrics say at one moment, as far as limits need it: in, samples that `cli.planning` has scraped; out,
differences.

Counters in seconds, bytes and counts; None where the server does not tell.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """`at_s`: by the client's monotonic clock. `measured`: whether the model has series at all. `busy_s`, `workers_cpu_s`: of all
    the model's workers. `front_cpu_s`: of the front end. `tokens`: made by a language model. `cpu_share`, `memory_share`,
    `gpu_share`, `kv_share`: from 0 to 1, of what there is.
    """

    at_s: float
    measured: bool = True
    workers: int = 0
    busy_s: float = 0.0
    workers_cpu_s: float = 0.0
    worker_memory_bytes: float = 0.0
    front_cpu_s: float | None = None
    rejected: float = 0.0
    throttled_s: float | None = None
    in_flight: float = 0.0
    own_requests: float = 0.0
    other_requests: float = 0.0
    tokens: float = 0.0
    preemptions: float = 0.0
    cpu_share: float | None = None
    memory_share: float | None = None
    memory_bytes: float | None = None
    gpu_share: float | None = None
    kv_share: float | None = None
    cores: float | None = None


@dataclass(frozen=True)
class Use:
    """Shares, from 0 to 1, of what one load took; None: not known. `refused`: by the server, for want of room."""

    workers: float | None = None
    event_loop: float | None = None
    processor: float | None = None
    memory: float | None = None
    gpu: float | None = None
    kv_cache: float | None = None
    refused: int = 0

    def figures(self) -> dict[str, float]:
        """Those that are known."""
        named = {
            "worker": self.workers,
            "event loop": self.event_loop,
            "processor": self.processor,
            "memory": self.memory,
            "GPU": self.gpu,
            "KV cache": self.kv_cache,
        }
        return {name: round(share, 3) for name, share in named.items() if share is not None}


def use_between(before: Reading, after: Reading) -> Use:
    """What was used from one reading to the next; gauges as they were at the end."""
    passed = max(after.at_s - before.at_s, 1e-9)
    front = None
    if before.front_cpu_s is not None and after.front_cpu_s is not None:
        front = (after.front_cpu_s - before.front_cpu_s) / passed
    return Use(
        workers=(after.busy_s - before.busy_s) / passed / after.workers if after.workers else None,
        event_loop=front,
        processor=_processor(before, after, front, passed),
        memory=after.memory_share,
        gpu=after.gpu_share,
        kv_cache=1.0 if after.preemptions > before.preemptions else after.kv_share,
        refused=round(after.rejected - before.rejected),
    )


def _processor(before: Reading, after: Reading, front: float | None, passed: float) -> float | None:
    """The machine's own word, or else what this server used of its cores; all of it where the kernel held it back."""
    if before.throttled_s is not None and after.throttled_s is not None:
        held_back = after.throttled_s - before.throttled_s
        if held_back > 0.05 * passed:
            return 1.0
    known = [] if after.cpu_share is None else [after.cpu_share]
    if after.cores and front is not None:
        known.append(((after.workers_cpu_s - before.workers_cpu_s) / passed + front) / after.cores)
    return min(1.0, max(known)) if known else None
