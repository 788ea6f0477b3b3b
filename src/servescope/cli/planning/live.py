"""A plan from loads on a live model: in, a site and what is asked; out, a `Plan`. Called by `command`.

Refuses a model that has traffic; leaves the server as it was.
"""

import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from servescope.cli.client.urls import LOOPBACKS
from servescope.cli.planning.alone import alone, told
from servescope.cli.planning.asked.how import Live
from servescope.cli.planning.bench import Bench
from servescope.cli.planning.progress import part_of, progress
from servescope.cli.planning.sending.payloads import completion_path, completions_of, prediction_path, requests_of
from servescope.cli.planning.server.changes import Changes, put_back_left, tell_of_copies
from servescope.cli.planning.server.claim import claimed
from servescope.cli.planning.server.neighbours import Neighbours, watch
from servescope.cli.planning.server.site import Site
from servescope.cli.planning.server.traffic import refuse_traffic, refuse_unmeasured
from servescope.cli.planning.stops import Stops
from servescope.cli.status import describe
from servescope.errors import ConfigurationError
from servescope.planner.limits.limit import TOO_LONG, find_limit
from servescope.planner.limits.readings import Use
from servescope.planner.load.connections import target_of
from servescope.planner.load.trial import LOST, Trial, ceiling_of
from servescope.planner.objective import seconds_text
from servescope.planner.plan.batches import best_of
from servescope.planner.plan.law import Point
from servescope.planner.plan.plan import Asked, Machine, Plan, impossible, make_plan, unknown
from servescope.planner.search.search import Found, Search, Tell, Terms

_WATCH_S = 3.0
_START = 0.25
_ENDING_S = 2.0  # to begin, and to put back
_LEAST_PART = 0.5  # of the budget is for loads, however long workers take to start


@dataclass(frozen=True)
class _Task:
    """What a plan is made by: all that its steps need. `neighbours`: None where nobody shares the machine with a copy. `budget_s`:
    for one count of workers.
    """

    site: Site
    asked: Asked
    live: Live
    changes: Changes
    neighbours: Neighbours | None
    tell: Tell
    budget_s: float


def plan_live(site: Site, asked: Asked, live: Live, directory: Path) -> Plan:
    """Measure and plan. `directory`: for temporary files, where the plan notes what it has to put back.

    Raises:
        SlowedError: with `shadow`, another model's p99 has doubled.
        BusyError: the model has traffic, and neither `yes` nor `shadow` is given.
        ConfigurationError: the model answers with errors, whatever the rate; another plan goes on.
    """
    end = time.monotonic() + live.budget_s - _ENDING_S
    with Stops() as stops, claimed(site.management, directory) as claim:
        put_back_left(site, claim)
        with site.manage() as client:
            (described, *_) = describe(client, asked.model, live.version)
        tell_of_copies(site, asked.model)
        asked = replace(asked, version=str(described["modelVersion"]))
        refuse_unmeasured(site, asked.model, str(described["modelVersion"]))
        if not live.yes:
            refuse_traffic(site, described, _WATCH_S, shadowed=live.shadow)
        # Without --yes it was watched already, and has no traffic.
        neighbours = watch(site, _WATCH_S if live.yes else 0.0) if live.shadow else None
        plans = dict[int, Plan]()
        with progress() as tell:
            for size in live.batches or [int(described["batchSize"])]:
                told = part_of(tell, len(plans), live.sizes)
                budget_s = (end - time.monotonic()) / (live.sizes - len(plans)) / live.steps
                with Changes(site, claim, stops) as changes:
                    task = _Task(site, asked, live, changes, neighbours, told, budget_s)
                    plans[size] = _plan_at(task, described, size)
    return best_of(plans) if live.batches else next(iter(plans.values()))


def _plan_at(task: _Task, described: dict[str, Any], batch: int) -> Plan:
    """At one batch size."""
    site, asked, live = task.site, task.asked, task.live
    counts = live.counts or [max(1, len(described.get("workers", [])))]
    name = asked.model
    if live.shadow:
        task.tell("registering a copy", None, 0.0)
        name = task.changes.copy(described, counts[0], batch)
        with site.manage() as client:
            (described, *_) = describe(client, name, None)
    if described["batchSize"] != batch:
        raise ConfigurationError(
            f"--sweep batch={batch}: {asked.model} keeps its batch size of {described['batchSize']}; does its archive have one?"
        )
    task.changes.quiet(described)
    version = str(described["modelVersion"])
    chance = random.Random(live.seed)
    requests = _requests(site, name, version, live, chance)
    with Bench(site, name, version, requests, asked.objective, chance, task.neighbours) as bench:
        return _measured(bench, task, counts, batch)


def _requests(site: Site, name: str, version: str, live: Live, chance: random.Random) -> Sequence[bytes]:
    target, token = target_of(site.inference), site.inference_token
    if live.lengths:
        path = target.prefix + (live.path or completion_path(name, version))
        return completions_of(name, live.lengths, path, target.host, token, chance)
    return requests_of(live.payloads, target.prefix + (live.path or prediction_path(name, version)), target.host, token)


def _measured(bench: Bench, task: _Task, counts: Sequence[int], batch: int) -> Plan:
    asked, points, trials, remarks = task.asked, list[Point](), list[Trial](), list[str]()
    found, use = None, Use()
    for index, workers in enumerate(counts):
        tell = part_of(task.tell, index, len(counts))
        began = time.monotonic()
        one = _started(bench, task, workers, batch, tell)
        if one.percentile(0.5, asked.objective) > asked.objective.limit_s and not one.failures:
            took = seconds_text(one.percentile(0.5, asked.objective))
            return impossible(asked, TOO_LONG, f"p50 = {took} with one request at a time")
        left_s = max(_LEAST_PART * task.budget_s, task.budget_s - (time.monotonic() - began))
        found, use = _search(bench, asked, left_s, one, workers, tell)
        trials += found.trials
        if found.client and not points:
            return unknown(asked, find_limit(use, client=True), found.edge, workers)
        if found.client:
            remarks.append(f"with {workers} workers this client was the limit, and what they can do is not known")
            break
        if found.edge is not None and found.edge.rate > 0:
            points.append(Point(workers, found.edge, ceiling_of(found.trials)))
    if not points:
        return impossible(asked, find_limit(use), _nearest(found, asked))
    remarks += _alike(bench.requests, task.live)
    return make_plan(points, asked, find_limit(use), _machine(bench), trials, bench.tokens_a_request, remarks)


def _started(bench: Bench, task: _Task, workers: int, batch: int, tell: Tell) -> Trial:
    """So many workers, warm; requests one at a time."""
    tell(f"starting {workers} worker{'s' * (workers > 1)}", None, 0.0)
    task.changes.scale(bench.model, bench.version, workers)
    tell("one request at a time", None, 0.0)
    return alone(bench, task.asked.model, workers * batch, task.budget_s)


def _search(bench: Bench, asked: Asked, budget_s: float, one: Trial, workers: int, tell: Tell) -> tuple[Found, Use]:
    """What was found, and what was used near the edge."""
    took = median(row.latency_s for row in one.sent if row.latency_s < LOST)
    availability = 0.99 if asked.availability is None else asked.availability / 100
    terms = Terms(asked.objective, budget_s, _START * workers / max(took, 1e-4), availability)
    found = Search(bench.measure, terms, time.monotonic, tell).run()
    # The repeats, at the edge; where there was no time for any, the climb as well.
    longest = max((one.seconds for one in found.trials), default=0.0)
    repeats = sum(one.seconds >= 0.9 * longest for one in found.trials)
    return found, bench.use_of_last(repeats)


def _alike(requests: Sequence[bytes], live: Live) -> tuple[str, ...]:
    """What a handler that caches would make of them."""
    if len(requests) > 1 or live.lengths:
        return ()
    what = "had the same body" if live.payloads else "had an empty body"
    return (f"all requests {what}: give several files with --payload where bodies differ in cost, or are cached",)


def _nearest(found: Found | None, asked: Asked) -> str:
    lowest = min(found.trials, key=lambda one: one.rate, default=None) if found is not None else None
    if found is None or lowest is None:
        return "nothing was measured: there was no time for a load"
    if found.spoilt is not None:
        worst = max(found.trials, key=lambda one: one.spoilt)
        return f"{100 * found.spoilt:.2g} % of the requests failed at every rate, as in {told(worst)}"
    p = lowest.percentile(asked.objective.share, asked.objective)
    took = f"p{100 * asked.objective.share:g} = {seconds_text(p)}"
    if p == LOST:
        took = f"{100 * lowest.failed_share:.2g} % of the requests failed ({told(lowest)})"
    return f"{took} at {lowest.rate:.3g} requests/s"


def _machine(bench: Bench) -> Machine:
    """What the server's machine has, and what the loads took of it."""
    last = bench.readings[-1][1]
    pairs = [pair for pair in bench.readings if pair[1].own_requests > pair[0].own_requests]
    answered = sum(after.own_requests - before.own_requests for before, after in pairs)
    used = sum(
        after.workers_cpu_s - before.workers_cpu_s + (after.front_cpu_s or 0) - (before.front_cpu_s or 0)
        for before, after in pairs
    )
    here = any(host in bench.site.metrics for host in LOOPBACKS) or bench.site.metrics.startswith("unix:")
    cores = last.cores or (float(os.cpu_count() or 1) if here else None)
    return Machine(cores, last.memory_bytes, last.worker_memory_bytes or None, used / answered if answered else None)
