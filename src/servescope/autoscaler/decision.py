"""What the scaler says once a tick: a count of workers, and why. Read by the loop, which applies, counts and logs it."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Direction = Literal["up", "down", "hold"]

# What a decision can be for, in one word each: the values of the label `reason`.
REASONS = {
    "latency_slo": "what keeps requests within the objective",
    "concurrency": "requests in flight and queued, over what a worker shall have",
    "kv_cache": "how full the KV caches are",
    "waiting": "requests that wait in the engines",
    "gpu": "how busy the GPUs are",
    "kept": "so many were needed a while ago, and may be again",
    "late": "requests are late, or would be with fewer",
    "panic": "nothing is taken away while there are far more requests than workers shall have",
    "refused": "fewer might not keep the objective",
    "tolerance": "it differs by less than the tolerance",
    "new": "too few numbers yet",
    "missing": "nothing is taken away while numbers are missing",
    "stale": "held without numbers",
    "fallback": "without numbers, the last count that was decided on complete ones",
    "failed_starts": "no more while workers do not load",
    "by_hand": "somebody set the count, and the load has not moved since",
    "idle": "no request for long",
    "woken": "requests came for a model without workers",
    "bounds": "the bounds ask for it",
}

_BOUNDS = {
    "step": "a step at most doubles",
    "min": "there shall not be fewer",
    "max": "there shall not be more",
    "failed_starts": REASONS["failed_starts"],
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted before bounds. `desired`: the largest of the counts; `workers`: with what was objected to it. `asleep`: none
    at all are allowed. `signals`: what each signal asks for; `counts`: the policy's own, the largest of which is `latency_slo`.
    """

    workers: int
    desired: int
    reason: str
    signals: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    asleep: bool = False


class Facts(NamedTuple):
    """Numbers that a decision was made on, for its words. None, or 0: not known."""

    there: int
    counts: dict[str, int]
    missing: tuple[str, ...]
    rate: float | None
    service_s: float | None
    objective_s: float
    concurrent: float
    failed_starts: int
    again_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`workers`: how many there shall be; `desired`: before bounds and steps. `signals`: what each signal asks for, by its name.

    `reason`: one of `REASONS`. `bound`: what held the count that the reason asks for ("step", "min", "max", "failed_starts", or
    what there is no room for), or None. `target_per_worker`: how many requests a worker shall have at once, given or learnt;
    None: not known yet. `age_s`: for how long there have been no complete, fresh numbers.
    """

    workers: int
    desired: int
    signals: dict[str, int]
    reason: str
    bound: str | None
    direction: Direction
    target_per_worker: float | None
    age_s: float
    facts: Facts

    @property
    def withheld(self) -> int:
        """How many that are wanted a bound keeps from being there."""
        return max(0, self.desired - self.workers) if self.bound is not None else 0

    @property
    def words(self) -> str:
        """All this as a sentence, with the numbers; made when somebody reads it, as most decisions change nothing."""
        facts, there, reason = self.facts, self.facts.there, self.reason
        move = f"hold at {there}" if self.workers == there else f"{self.direction} from {there} to {self.workers}"
        parts = [f"{self.desired} wanted" + _asked(self.desired, self.signals, facts.counts)]
        if reason not in self.signals and self.bound != reason:
            parts.append(REASONS[reason] + (f", {self.age_s:.0f} s" if reason in ("stale", "fallback") else ""))
        if self.bound is not None:
            parts.append(f"{self.bound}: {_BOUNDS.get(self.bound, 'there is no room for more')}")
        if facts.missing:
            parts.append("missing: " + ", ".join(facts.missing))
        if facts.failed_starts:
            again = f", no more for {facts.again_s:.0f} s" if facts.again_s > 0 and self.direction != "up" else ""
            starts = "the last start" if facts.failed_starts == 1 else f"{facts.failed_starts} starts in a row"
            parts.append(f"{starts} failed{again}")
        return f"{move}: {'; '.join(parts)} ({_measured(facts, self.target_per_worker)})"


def _asked(desired: int, signals: dict[str, int], counts: dict[str, int]) -> str:
    """What asked for how many, if not for what is desired; of the policy's own counts those that asked for any."""
    asked = []
    for name, count in signals.items():
        inner = ", ".join(f"{part} {asks}" for part, asks in counts.items() if asks) if name == "latency_slo" else ""
        asked.append(f"{name} {count}" + (f" [{inner}]" if inner else ""))
    by = "by" if desired == max(signals.values(), default=0) else "whatever signals ask for:"
    return f" {by} {', '.join(asked)}" if asked else ""


def _measured(facts: Facts, target: float | None) -> str:
    numbers = []
    if facts.rate is not None:
        numbers.append(f"{facts.rate:.3g} requests/s")
    if facts.service_s is not None:
        numbers.append(f"{facts.service_s:.3g} s each")
    if facts.objective_s > 0:
        numbers.append(f"{facts.objective_s:.3g} s allowed")
    numbers.append(f"{facts.concurrent:.3g} at once")
    if target is not None:
        numbers.append(f"{target:.3g} a worker wanted")
    return ", ".join(numbers)
