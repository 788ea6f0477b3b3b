"""What the scaler says once a tick: a count of workers, and why. Read by the loop, which applies, counts and logs it."""

from dataclasses import dataclass
from typing import Literal

Direction = Literal["up", "down", "hold"]

# What a decision can be for, in one word each: the values of the label `reason`.
REASONS = {
    "latency_slo": "what keeps requests within the objective",
    "concurrency": "requests in flight and queued, over what a worker shall have",
    "kv_cache": "how full the KV caches are",
    "waiting": "requests that wait in the engines",
    "gpu": "how busy the GPUs are",
    "kept": "so many were needed a while ago, and may be again",
    "late": "nothing is taken away while requests are late",
    "refused": "the rest would not keep the objective",
    "tolerance": "what is wanted differs by less than the tolerance",
    "new": "too few numbers yet to take workers away",
    "missing": "some numbers are missing: nothing is taken away",
    "stale": "there are no numbers: held",
    "fallback": "no numbers for long: the last count that was decided on fresh ones",
    "failed_starts": "workers do not load",
    "by_hand": "somebody set the count, and the load has not moved since",
    "idle": "no request for long",
    "woken": "requests came for a model without workers",
    "bounds": "the bounds ask for it",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """`workers`: how many there shall be; `desired`: before bounds and steps. `signals`: what each signal asks for, by its name.

    `reason`: one of `REASONS`. `bound`: what kept `workers` from `desired` ("min", "max", "step", or what there is no room
    for), or None. `target_per_worker`: how many requests a worker shall have at once, given or learnt; None: not known yet.
    `age_s`: for how long there have been no complete, fresh numbers. `words`: all this as a sentence, with the numbers.
    """

    workers: int
    desired: int
    signals: dict[str, int]
    reason: str
    bound: str | None
    direction: Direction
    target_per_worker: float | None
    age_s: float
    words: str
