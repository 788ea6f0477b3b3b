"""A plan from loads on a live model: in, a site and what is asked; out, a `Plan`. Called by `command`.

Refuses a model that has traffic; leaves the server as it was.
"""

import math
import os
import random
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median
from typing import Any

from servescope.cli.client.urls import LOOPBACKS
from servescope.cli.planning.bench import Bench, BusyError
from servescope.cli.planning.how import Live
from servescope.cli.planning.payloads import completion_path, completions_of, prediction_path, requests_of
from servescope.cli.planning.progress import progress
from servescope.cli.planning.server.neighbours import Neighbours, watch
from servescope.cli.planning.server.site import Site, restored, scale, shadow
from servescope.cli.status import describe
from servescope.errors import ConfigurationError
from servescope.planner.limits.limit import find_limit
from servescope.planner.limits.readings import Use
from servescope.planner.load.connections import target_of
from servescope.planner.load.trial import LOST, Trial
from servescope.planner.objective import seconds_text
from servescope.planner.plan.batches import best_of
from servescope.planner.plan.law import Point
from servescope.planner.plan.plan import Asked, Machine, Plan, impossible, make_plan
from servescope.planner.search.search import Found, Search, Tell, Terms

_WATCH_S = 3.0
_PROBES = 5
_START = 0.25


def plan_live(site: Site, asked: Asked, live: Live) -> Plan:
    """Measure and plan.

    Raises:
        SlowedError: with `shadow`, another model's p99 has doubled.
        BusyError: the model has traffic, and neither `yes` nor `shadow` is given.
        ConfigurationError: the model answers with errors, whatever the rate.
    """
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # whoever ends this ends it as Ctrl-C does: all is put back
    with site.manage() as client:
        (described, *_) = describe(client, asked.model, live.version)
    if not live.yes:
        _refuse_traffic(site, described, live.shadow)
    # Without --yes it was watched already, and has no traffic.
    neighbours = watch(site, _WATCH_S if live.yes else 0.0) if live.shadow else None
    with progress() as tell:
        plans = {
            size: _plan_at(site, asked, live, described, size, neighbours, tell)
            for size in live.batches or [int(described["batchSize"])]
        }
    return best_of(plans) if live.batches else next(iter(plans.values()))


def _plan_at(
    site: Site,
    asked: Asked,
    live: Live,
    described: dict[str, Any],
    batch: int,
    neighbours: Neighbours | None,
    tell: Tell,
) -> Plan:
    """At one batch size; all is put back at the end."""
    counts = live.counts or [max(1, len(described.get("workers", [])))]
    with ExitStack() as stack:
        name = asked.model
        if live.shadow:
            name = stack.enter_context(shadow(site, described, counts[0], batch))
            with site.manage() as client:
                (described, *_) = describe(client, name, None)
        if described["batchSize"] != batch:
            raise ConfigurationError(
                f"--sweep batch={batch}: {asked.model} keeps its batch size of {described['batchSize']}; does its archive have one?"
            )
        stack.enter_context(restored(site, described))
        version = str(described["modelVersion"])
        chance = random.Random(live.seed)
        requests = _requests(site, name, version, live, chance)
        bench = stack.enter_context(Bench(site, name, version, requests, asked.objective, chance, neighbours))
        return _measured(bench, asked, live, counts, tell)


def _requests(site: Site, name: str, version: str, live: Live, chance: random.Random) -> Sequence[bytes]:
    host, token = target_of(site.inference).host, site.inference_token
    if live.lengths:
        path = live.path or completion_path(name, version)
        return completions_of(name, live.lengths, path, host, token, chance)
    return requests_of(live.payloads, live.path or prediction_path(name, version), host, token)


def _refuse_traffic(site: Site, described: dict[str, Any], shadowed: bool) -> None:
    """Look whether the model, or any other where a shadow shares the machine, is asked for something."""
    bench = Bench(site, described["modelName"], described["modelVersion"], [], None, random.Random())  # type: ignore[arg-type] # only read
    before = bench.read()
    time.sleep(_WATCH_S)
    after = bench.read()
    own, other = after.own_requests - before.own_requests, after.other_requests - before.other_requests
    if own or after.in_flight:
        raise BusyError(
            f"{described['modelName']} is in production: {own:.0f} requests in {_WATCH_S:g} s, {after.in_flight:.0f} in flight;"
            " plan for a copy on another server, or say --yes"
        )
    if shadowed and other:
        raise BusyError(
            f"--shadow shares the machine with models that have traffic: {other:.0f} requests in {_WATCH_S:g} s; say --yes"
        )


def _measured(bench: Bench, asked: Asked, live: Live, counts: Sequence[int], tell: Tell) -> Plan:
    points, last = list[Point](), None
    for workers in counts:
        scale(bench.site, bench.model, bench.version, workers)
        alone = _alone(bench, asked)
        if alone.percentile(0.5, asked.objective) > asked.objective.limit_s:
            took = seconds_text(alone.percentile(0.5, asked.objective))
            return impossible(asked, find_limit(Use()), f"p50 = {took} with one request at a time")
        found, use = _search(bench, asked, live, alone, workers, tell)
        last = (found, use)
        if found.edge is not None and found.edge.rate > 0:
            points.append(Point(workers, found.edge, _ceiling(found.trials)))
    if last is None or not points:
        lowest = min(last[0].trials, key=lambda one: one.rate) if last else None
        return impossible(asked, find_limit(last[1] if last else Use()), _nearest(lowest, asked))
    found, use = last
    return make_plan(
        points, asked, find_limit(use, client=found.client), _machine(bench), bench.trials, bench.tokens_a_request
    )


def _alone(bench: Bench, asked: Asked) -> Trial:
    alone = bench.one_by_one(_PROBES)
    if alone.answered < _PROBES:
        codes = ", ".join(f"{n} × {code or 'no answer'}" for code, n in sorted(alone.failures.items()))
        hint = (
            "the payload does not fit; give one with --payload"
            if any(400 <= code < 500 for code in alone.failures)
            else ""
        )
        raise ConfigurationError(
            f"{asked.model} fails at every rate: of {_PROBES} requests, one at a time, {codes}"
            + (f" ({hint})" if hint else "")
        )
    return alone


def _search(bench: Bench, asked: Asked, live: Live, alone: Trial, workers: int, tell: Tell) -> tuple[Found, Use]:
    """What was found, and what was used near the edge."""
    took = median(one.latency_s for one in alone.sent)
    availability = 0.99 if asked.availability is None else asked.availability / 100
    terms = Terms(asked.objective, live.part_s, _START * workers / max(took, 1e-4), availability)
    found = Search(bench.measure, terms, time.monotonic, tell).run()
    # The repeats, at the edge; where there was no time for any, the climb as well.
    longest = max((one.seconds for one in found.trials), default=0.0)
    repeats = sum(one.seconds >= 0.9 * longest for one in found.trials)
    return found, bench.use_of_last(repeats)


def _ceiling(trials: Sequence[Trial]) -> float | None:
    busy = math.fsum(one.busy_s or 0.0 for one in trials)
    return math.fsum(one.workers * one.answered for one in trials if one.busy_s) / busy if busy else None


def _nearest(lowest: Trial | None, asked: Asked) -> str:
    if lowest is None:
        return "nothing was measured"
    p = lowest.percentile(asked.objective.share, asked.objective)
    took = "some requests failed" if p == LOST else f"p{100 * asked.objective.share:g} = {seconds_text(p)}"
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
