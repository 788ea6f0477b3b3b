"""The simulator against a running server: with the same requests, options, and times to serve and to load, the same workers and
latencies.

What is compared, each within 20 %: worker-seconds; the area between the two curves of the count of workers, over these
worker-seconds, so that a count which is right on average and wrong at any moment fails; and the 99th percentile of the latency. The
step makes it: nearly all requests that are late wait for the first workers to load.

What differs for no fault of the simulator's is measured and told to it: when each request was sent, at which moment of the second
the loop looks, how long a request keeps a worker and how long workers took to load, on average. So a machine that is slow moves
both. That the bounds are narrow enough is tried as well, without a server: every published policy is outside them.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import ceil

import pytest

from integration.deployed import Deployed
from integration.server import wait_until
from servescope.autoscaler.simulator.compare import PUBLISHED, compare
from servescope.autoscaler.simulator.policies.servescope import Servescope
from servescope.autoscaler.simulator.pool import PoolOptions
from servescope.autoscaler.simulator.replay import Load, Outcome, Terms, replay
from servescope.config.model.autoscale_values import resolve_autoscale
from servescope.config.model.config import parse_model_config
from servescope.config.model.options import ModelOptions
from servescope.scaling.scaled import policy_options
from truth.books import Books, Entry
from truth.client import Ask, Client

pytestmark = pytest.mark.integration

SLEEPING = """
import time

class Sleeping:
    def initialize(self, context):
        time.sleep(3)

    def handle(self, data, context):
        time.sleep(0.1)
        return ["ok"] * len(data)
"""
STEPS = ((1.0, 10.0), (30.0, 15.0), (1.0, 50.0))  # requests a second, seconds
END_S = sum(seconds for _, seconds in STEPS)
LEAST, MOST, OBJECTIVE_S = 1, 6, 0.5
CONFIG = f"""
minWorkers: {LEAST}
maxWorkers: {MOST}
jobQueueSize: 1000
slo: {{latency_ms: {1000 * OBJECTIVE_S:g}}}
autoscale: {{mode: act, window_s: 8, panic_s: 3, longest_hold_s: 4, lookback_s: 4}}
"""
WITHIN = 0.2
AT_A_WORKER = ("dispatch", "preprocess", "inference", "postprocess", "handler")


@dataclass(frozen=True)
class Course:
    """`counts`: from each of these moments on, in seconds, so many workers; `p99_s`: of the latencies."""

    counts: Sequence[tuple[float, int]]
    p99_s: float

    def at(self, moment: float) -> int:
        """How many then."""
        return [count for since, count in self.counts if since <= moment][-1]

    @property
    def worker_s(self) -> float:
        """Worker-seconds."""
        moments = [*self.counts, (END_S, 0)]
        return sum(count * (until - since) for (since, count), (until, _) in pairwise(moments))

    def apart_s(self, other: "Course") -> float:
        """The area between the two, in worker-seconds."""
        moments = sorted({since for since, _ in (*self.counts, *other.counts)} | {END_S})
        return sum(abs(self.at(since) - other.at(since)) * (until - since) for since, until in pairwise(moments))


def apart(one: Course, other: Course) -> dict[str, float]:
    """By how much another differs from the first, shares of 1."""
    return {
        "worker-seconds": abs(other.worker_s / one.worker_s - 1.0),
        "workers over time": other.apart_s(one) / one.worker_s,
        "p99": abs(other.p99_s / one.p99_s - 1.0),
    }


def course(outcome: Outcome) -> Course:
    """Of a simulation."""
    changes = [(change.at_s, change.after) for change in outcome.changes]
    return Course([(0.0, outcome.started), *changes], outcome.percentile(0.99))


def planned(seed: int) -> list[float]:
    """When requests are to be sent: by chance at each of the rates."""
    chance, moments, begin = random.Random(seed), [], 0.0
    for rate, seconds in STEPS:
        at = begin + chance.expovariate(rate)
        while at < begin + seconds:
            moments.append(at)
            at += chance.expovariate(rate)
        begin += seconds
    return moments


async def sent(model: Deployed, moments: Sequence[float]) -> list[Entry]:
    """Each at its moment, whether others are answered or not."""
    books, idle, ask = Books(), [], Ask(model.path, b"x")
    began = time.monotonic()

    async def one() -> None:
        client = idle.pop() if idle else Client(model.server.ports["inference"], books)
        await client.ask(ask)
        idle.append(client)

    async with asyncio.TaskGroup() as group:
        for moment in moments:
            await asyncio.sleep(max(0.0, began + moment - time.monotonic()))
            group.create_task(one())
    await asyncio.sleep(max(0.0, began + END_S - time.monotonic()))
    for client in idle:
        client.hang_up()
    return books.entries


def changes(model: Deployed) -> list[tuple[float, int]]:
    """The moments, in seconds since 1970, and counts that were decided on."""
    decisions = model.describe()["autoscale"]["decisions"]
    return [
        (datetime.fromisoformat(one["at"]).timestamp(), one["to"]) for one in decisions if one["direction"] != "hold"
    ]


def told(model: Deployed, family: str, **labels: str) -> float:
    """The sum of a family's series of this model."""
    return model.server.metrics(family, model_name=model.name, **labels) or 0.0


def terms_of(arrivals: Sequence[float], service_s: float, load_s: float) -> tuple[Load, Terms, Servescope]:
    """The load, its terms, and the server's policy with the options that the server makes of the configuration."""
    load = Load(arrivals, [service_s] * len(arrivals), END_S)
    terms = Terms(PoolOptions(load_s), OBJECTIVE_S, LEAST, MOST)
    config, _ = parse_model_config(CONFIG, "CONFIG")
    autoscale = resolve_autoscale({}, config.autoscale, "CONFIG")
    options = ModelOptions(min_workers=LEAST, max_workers=MOST, objectives=config.objectives, autoscale=autoscale)
    return load, terms, Servescope(terms, policy_options(options, 1))


def test_a_step_as_simulated(deploy):
    """1 → 30 → 1 requests a second; see above."""
    model = deploy(SLEEPING, CONFIG)
    wait_until(lambda: model.describe()["autoscale"]["desired"], "the first decision")
    skew_s, loaded_before = time.time() - time.monotonic(), told(model, "servescope_worker_load_seconds_sum")
    entries = asyncio.run(sent(model, planned(seed=1)))
    assert {entry.code for entry in entries} == {200}

    decided = changes(model)
    first = decided[0][0]
    begin = first - ceil(first - entries[0].sent - skew_s)  # where the simulator's seconds begin as the loop's do
    counts = [(at - begin, count) for at, count in decided]
    most = max(count for _, count in counts)
    assert 4 <= most > counts[-1][1], counts
    latencies = sorted(entry.seconds for entry in entries)
    live = Course([(0.0, LEAST), *counts], latencies[ceil(0.99 * len(latencies)) - 1])

    stages = [told(model, "servescope_request_stage_seconds_sum", stage=stage) for stage in AT_A_WORKER]
    loaded = told(model, "servescope_worker_load_seconds_sum") - loaded_before
    load_s = loaded / (told(model, "servescope_worker_load_seconds_count") - 1)
    arrivals = [entry.sent + skew_s - begin for entry in entries]
    simulated = course(replay(*terms_of(arrivals, sum(stages) / len(entries), load_s)))
    print(live, simulated, apart(live, simulated), sep="\n")
    assert max(apart(live, simulated).values()) <= WITHIN


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_bounds_tell_policies_apart(name):
    """Others are farther from this server's than a live run may be."""
    load, terms, own = terms_of(planned(seed=1), 0.1, 3.5)
    (other,) = compare(load, terms, (name,), bounded=False).outcomes
    found = apart(course(replay(load, terms, own)), course(other))
    assert max(found.values()) > 1.25 * WITHIN, found
