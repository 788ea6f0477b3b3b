"""Burn-rate alerts in promtool: each pair of windows at its edges, for each objective; what must not fire does not."""

import math

import pytest

from operate.promtool import (
    GONE,
    RESET,
    alerting_rules,
    counter,
    firing,
    gauge,
    given,
    needs_promtool,
    seconds,
    series,
    verdict,
)

PACES = [
    # long, short, guard, burn rate, severity, step
    ("1h", "5m", "1h", 14.4, "page", "15s"),
    ("6h", "30m", "6h", 6.0, "page", "1m"),
    ("1d", "2h", "6h", 3.0, "ticket", "4m"),
    ("3d", "6h", "6h", 1.0, "ticket", "4m"),
]
ALERTS = {
    "availability": "ServescopeAvailabilityBudgetBurns",
    "latency": "ServescopeLatencyBudgetBurns",
    "ttft": "ServescopeFirstTokenBudgetBurns",
    "itl": "ServescopeTokenPaceBudgetBurns",
}
EACH = 100_000  # requests a step


class World:
    """Series of models over `steps` steps; a timeline is segments of (share that misses, steps)."""

    def __init__(self, steps):
        self.inputs = {}
        self.steps = steps

    def model(self, name, timeline, slo="availability", target=0.999, each=EACH, instance="a:8082"):
        labels = {"job": "servescope", "instance": instance, "model_name": name, "model_version": "1.0", "slo": slo}
        special = (RESET, GONE)
        good = [one if one in special else (round(each * (1 - one[0])), one[1]) for one in timeline]
        requests = [one if one in special else (each, one[1]) for one in timeline]
        self.put(labels, counter(*requests), counter(*good), target, gone=GONE in timeline)

    def put(self, labels, requests, good, target, gone=False):
        alive = sum(int(part.rpartition("x")[2]) + 1 if "x" in part else 1 for part in requests.split())
        self.inputs[series("servescope_slo_requests_total", labels)] = requests
        self.inputs[series("servescope_slo_good_total", labels)] = good
        still = gauge((target, alive - 1), GONE) if gone else gauge((target, self.steps + 1))
        self.inputs[series("servescope_slo_target_ratio", labels)] = still


@needs_promtool
@pytest.mark.parametrize(("long", "short", "guard", "burn", "severity", "step"), PACES)
def test_edges(tmp_path, long, short, guard, burn, severity, step):
    """Just above and below the rate; a burst that is too short, one that is over; resets, silence, few requests, a model
    that goes, two servers, a target so low that the rate cannot be reached.
    """
    every = seconds(step)
    window, brief, counted = seconds(long) // every, seconds(short) // every, seconds(guard) // every
    limit = burn * 0.001
    burst = max(3, math.ceil(2 * limit * window))  # steps of nothing but failures, twice what the long window bears
    over, blip = brief + 6, max(1, int(0.5 * limit * window))
    steps = window + burst + over
    world = World(steps)
    for slo in ALERTS:
        world.model("just above", [(1.04 * limit, steps)], slo)
        world.model("just below", [(0.96 * limit, steps)], slo)
    world.model("burst", [(0, window), (1, burst), (0, over)])
    world.model("blip", [(0, window), (1, blip), (0, burst - blip + over)])
    world.model("long ago", [(1, burst), (0, steps - burst)])
    world.model("no traffic", [(0, steps)], each=0)
    world.model("restarted", [(1.1 * limit, window // 2), RESET, (1.1 * limit, steps - window // 2 - 1)])
    world.model("restarted well", [(0, window - 2), RESET, (0, steps - window + 1)])
    remembered = 120 // every  # a target is taken for there for two minutes: a scrape may have failed
    world.model("unregistered", [(1.1 * limit, window + 1 - remembered), GONE])
    world.model("low target", [(1, steps)], target=0.9)
    world.model("low target, nearly", [(0.94, steps)], target=0.9)
    world.model("shared above", [(2.2 * limit, steps)], instance="a:8082")
    world.model("shared above", [(0, steps)], instance="b:8082")
    world.model("shared below", [(1.8 * limit, steps)], instance="a:8082")
    world.model("shared below", [(0, steps)], instance="b:8082")
    world.model("too few", [(1, steps)], each=90 / counted)
    world.model("enough", [(1, steps)], each=120 / counted)
    world.model('hostile "\\{}\n', [(1.1 * limit, steps)])

    always = {(ALERTS[slo], "just above") for slo in ALERTS}
    always |= {(ALERTS["availability"], name) for name in ("restarted", "low target", "shared above", "enough")}
    always.add((ALERTS["availability"], 'hostile "\\{}\n'))
    if burn * 0.1 < 0.94:  # else only total failure is bad enough
        always.add((ALERTS["availability"], "low target, nearly"))
    going, bursting = (ALERTS["availability"], "unregistered"), (ALERTS["availability"], "burst")

    def at(when, *more):
        wanted = [(alert, severity, long, model) for alert, model in {*always, *more}]
        return firing(when * every, ("severity", "window", "model_name"), wanted)

    expected = [
        at(window, going),
        at(window + burst, bursting),
        at(window + burst + brief - 3, bursting),
        at(steps),
    ]
    rules = [rule for rule in alerting_rules() if rule["labels"].get("window") == long]
    assert len(rules) == len(ALERTS)
    assert verdict(tmp_path, given(step, world.inputs, expected), rules) == ""
