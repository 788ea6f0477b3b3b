"""Workers and machines for a rate: in, a law, what is asked, and what a machine has; out, a `Plan`. Pure; called by
`cli.planning`.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from servescope.planner.limits.limit import Limit
from servescope.planner.load.trial import Trial
from servescope.planner.objective import Objective
from servescope.planner.plan.law import LEAST_LOW, Law, Point, fit_law
from servescope.planner.plan.paste import autoscale_section, slo_section, thresholds_section
from servescope.planner.search.edge import Edge

# How many times as many workers as were tried a machine may be given.
_FARTHEST = 4
_NO_KNEE = {"workers": None, "rate": None}


@dataclass(frozen=True)
class Asked:
    """`rps`: requests a second. `availability`: in percent. `spare`: machines that may be away. `price`: of a machine an hour.
    `version`: of the model; None: not known.
    """

    model: str
    objective: Objective
    rps: float
    availability: float | None = None
    spare: int = 0
    price: float | None = None
    version: str | None = None


@dataclass(frozen=True)
class Machine:
    """What a machine has for workers of this model. `worker_bytes`: of one worker; None: not known. `cores_per_request`:
    seconds of processor time a request takes, of workers and front end.
    """

    cores: float | None = None
    memory_bytes: float | None = None
    worker_bytes: float | None = None
    cpu_s_per_request: float | None = None


@dataclass(frozen=True)
class Loaded:
    """One load: requests a second, how many were counted, and which share of them was late or failed, from 0 to 1."""

    workers: int
    rate: float
    requests: int
    late_share: float
    failed_share: float


@dataclass(frozen=True)
class Batch:
    """A batch size that was tried; rates in requests a second, 0 where nothing kept the objective, None where the client was
    the limit.
    """

    size: int
    goodput_per_worker: float | None
    goodput_per_worker_interval: tuple[float, float]


@dataclass(frozen=True)
class Plan:
    """All that is said at the end. `nearest`: what comes nearest where nothing keeps the objective; then there are no workers.
    `goodput_per_worker`: None where this client was the limit; then it is not below the interval's low end, and there are no
    workers either.

    `of`: what the objective is about: latency, ttft or itl. Rates in requests a second; `tokens_per_second`: what a language
    model makes at the edge. `memory_bytes` of the workers on one machine; `cost` an hour, in the price's own unit.
    `batch_size`: the best of `batches`; None: none were asked for.
    """

    model: str
    version: str | None
    objective: str
    of: str
    share: float
    limit_s: float
    rps: float
    goodput_per_worker: float | None
    goodput_per_worker_interval: tuple[float, float]
    edge: Edge | None
    limit: Limit
    knee: dict[str, Any]
    workers: int | None = None
    workers_per_machine: int | None = None
    machines: int | None = None
    machine_rate: float | None = None
    tokens_per_second: float | None = None
    memory_bytes: float | None = None
    cost: float | None = None
    autoscale: dict[str, Any] = field(default_factory=dict)
    slo: dict[str, Any] = field(default_factory=dict)
    thresholds: dict[str, Any] = field(default_factory=dict)
    law: Law | None = None
    points: tuple[Point, ...] = ()
    loads: tuple[Loaded, ...] = ()
    batch_size: int | None = None
    batches: tuple[Batch, ...] = ()
    nearest: str | None = None
    remarks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The same, of plain values."""
        found: dict[str, Any] = _finite(asdict(self))
        return found


@dataclass(frozen=True)
class _Fleet:
    """How many workers on how many machines; `rate`: of one, at the low end of the interval; `room`: what one could hold."""

    room: int
    workers: int
    rate: float
    machines: int
    remarks: tuple[str, ...]


def make_plan(
    points: Sequence[Point],
    asked: Asked,
    limit: Limit,
    machine: Machine,
    trials: Sequence[Trial] = (),
    tokens_a_request: float | None = None,
    remarks: Sequence[str] = (),
) -> Plan:
    """`points`: one at least, each with an edge above 0. `tokens_a_request`: that a language model makes, on average.
    `remarks`: what else the plan does not know.
    """
    law = fit_law(points, asked.objective)
    best = max(points, key=lambda one: one.edge.rate)
    fleet = _fleet(law, points, asked, machine)
    low, high = best.edge.low / best.workers, best.edge.high / best.workers
    return Plan(
        *_asked(asked),
        best.edge.rate / best.workers,
        (low, high),
        best.edge,
        limit,
        {"workers": law.knee, "rate": None if law.knee is None else law.rate(law.knee)},
        workers=fleet.workers * fleet.machines,
        workers_per_machine=fleet.workers,
        machines=fleet.machines,
        machine_rate=fleet.rate,
        tokens_per_second=None if tokens_a_request is None else tokens_a_request * best.edge.rate,
        memory_bytes=None if machine.worker_bytes is None else machine.worker_bytes * fleet.workers,
        cost=None if asked.price is None else asked.price * fleet.machines,
        autoscale=autoscale_section(law, fleet.workers, fleet.room),
        slo=_slo(asked),
        thresholds=thresholds_section(asked.objective, fleet.rate),
        law=law,
        points=tuple(points),
        loads=_loads(trials, asked.objective),
        remarks=(*fleet.remarks, *_remarks(law, best), *remarks),
    )


def _loads(trials: Sequence[Trial], objective: Objective) -> tuple[Loaded, ...]:
    return tuple(
        Loaded(one.workers, one.rate, len(one.settled), one.late_share(objective), one.failed_share) for one in trials
    )


def _fleet(law: Law, points: Sequence[Point], asked: Asked, machine: Machine) -> _Fleet:
    room, remarks = _room(law, machine, points)
    needed = law.workers_for(asked.rps)
    workers = room if needed is None else min(room, needed)
    rate = law.rate(workers) * law.low
    return _Fleet(room, workers, rate, max(1, math.ceil(asked.rps / rate - 1e-9)) + asked.spare, remarks)


def _remarks(law: Law, best: Point) -> list[str]:
    """What the plan does not know."""
    found = []
    if math.isinf(best.edge.high) and best.edge.by == "bracket":
        found.append("nothing broke the objective: more may be kept than was tried")
    if law.low <= LEAST_LOW:
        found.append(
            f"the interval is open: the plan counts on {LEAST_LOW:g} of the rate; a larger --budget, or rates nearer the edge, help"
        )
    if law.measured == 1:
        found.append(f"contention is not measured: one count of workers alone ({best.workers}); --sweep measures it")
    return found


def impossible(asked: Asked, limit: Limit, nearest: str) -> Plan:
    """The plan where nothing keeps the objective."""
    return Plan(*_asked(asked), 0.0, (0.0, 0.0), None, limit, dict(_NO_KNEE), nearest=nearest, slo=_slo(asked))


def unknown(asked: Asked, limit: Limit, edge: Edge | None, workers: int) -> Plan:
    """The plan where this client was the limit. `edge`: as far as it could go; None: it could not even begin."""
    low = 0.0 if edge is None else edge.low / workers
    return Plan(*_asked(asked), None, (low, math.inf), edge, limit, dict(_NO_KNEE), slo=_slo(asked))


def _asked(asked: Asked) -> tuple[str, str | None, str, str, float, float, float]:
    objective = asked.objective
    return asked.model, asked.version, str(objective), objective.of, objective.share, objective.limit_s, asked.rps


def _slo(asked: Asked) -> dict[str, Any]:
    return slo_section(asked.objective, asked.availability)


def _finite(value: Any) -> Any:
    """The same with None for infinity, which JSON has not."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _room(law: Law, machine: Machine, points: Sequence[Point]) -> tuple[int, tuple[str, ...]]:
    """How many workers one machine has room for, and what that stands on: never more than were tried, but where its sizes are
    known.
    """
    tried = max(one.workers for one in points)
    found = {"the knee of the law": law.knee} if law.knee is not None else {}
    if machine.cores and machine.cpu_s_per_request:
        # Of the time that a worker serves at the edge, so much is on a processor.
        used = machine.cpu_s_per_request * law.rate(tried) / tried
        found["its processors"] = math.floor(0.9 * machine.cores / used) if used > 0 else tried
    if machine.memory_bytes and machine.worker_bytes:
        found["its memory"] = math.floor(0.9 * machine.memory_bytes / machine.worker_bytes)
    found[f"what was tried: {_FARTHEST} times {tried} is as far as the law is trusted"] = _FARTHEST * tried
    by = min(found, key=lambda name: found[name] or 1)
    return max(1, found[by] or 1), (f"a machine has room for {max(1, found[by] or 1)} workers, by {by}",)
