"""Edges from files: in, runs at counts of workers; out, points for a plan. Pure; called by `cli.planning.measured`.

The files have percentiles, not each request, so an edge is no more than the bracket between the highest rate that kept the
objective and the lowest that broke it.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from servescope.errors import ConfigurationError
from servescope.planner.measured.aiperf import is_aiperf, read_aiperf
from servescope.planner.measured.run import Run
from servescope.planner.measured.vllm_bench import is_vllm, read_vllm
from servescope.planner.objective import Objective
from servescope.planner.plan.law import Point
from servescope.planner.search.edge import Edge


@dataclass(frozen=True)
class Measured:
    """`points`: in the order of their workers. `tokens_a_request`: of a run that kept the objective; None: not told. `remarks`:
    what the files do not say.
    """

    points: tuple[Point, ...]
    tokens_a_request: float | None
    remarks: tuple[str, ...]


def parse_run(text: str, name: str) -> Run:
    """Raises ConfigurationError for what neither program has written; `name`: how errors call it."""
    try:
        document = json.loads(text, parse_int=float)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name} is no JSON: {error}") from error
    if isinstance(document, dict) and is_vllm(document):
        return read_vllm(document, name)
    if isinstance(document, dict) and is_aiperf(document):
        return read_aiperf(document, name)
    raise ConfigurationError(f"{name} is neither AIPerf's profile_export_aiperf.json nor a result of vllm bench serve")


def find_points(runs: Mapping[int, Sequence[Run]], objective: Objective, availability: float) -> Measured:
    """`runs`: by workers, one at least each. Counts at which no run kept the objective have no point."""
    points, remarks, tokens = list[Point](), list[str](), None
    for workers, those in sorted(runs.items()):
        kept = [one for one in those if one.kept(objective, availability)]
        broken = [one for one in those if one not in kept]
        if not kept:
            remarks.append(f"no run of {workers} workers kept the objective")
            continue
        best = max(kept, key=lambda one: one.rate)
        tokens = best.tokens / best.rate if best.tokens else tokens
        edge, remark = _bracket(best, broken)
        points.append(Point(workers, edge, None))
        remarks += [f"{workers} workers: {remark}"] if remark else []
    waited = [one for those in runs.values() for one in those if one.offered is None]
    if waited:
        remarks.append(
            f"{len(waited)} of the runs sent a request when another was answered, or all at once: clients that come when they"
            " like wait longer at the same rate"
        )
    return Measured(tuple(points), tokens, tuple(remarks))


def _bracket(best: Run, broken: Sequence[Run]) -> tuple[Edge, str]:
    if not broken:
        return Edge(best.rate, best.rate, math.inf, "bracket"), "no run broke the objective, so the edge may be higher"
    lowest = min(max(one.rate, one.offered or 0.0) for one in broken)
    low, high = sorted((best.rate, lowest))
    remark = (
        ""
        if best.rate <= lowest
        else f"a run broke the objective at {low:.3g} requests/s, another kept it at {high:.3g}"
    )
    return Edge(math.sqrt(low * high), low, high, "bracket"), remark
