"""From edges to workers and machines."""

import json
import math

import pytest
import yaml
from msgspec.structs import asdict

from planner.pools import true_edge
from servescope.cli.planning.show import rows_of
from servescope.config.model.config import parse_model_config
from servescope.findings.thresholds.file import thresholds_of
from servescope.planner.limits.limit import find_limit
from servescope.planner.limits.readings import Use
from servescope.planner.objective import parse_objective
from servescope.planner.plan.law import Law, Point, fit_law
from servescope.planner.plan.plan import Asked, Machine, impossible, make_plan, unknown
from servescope.planner.report.page import page
from servescope.planner.search.edge import Edge

SLO = parse_objective("p95=200ms")
LIMIT = find_limit(Use(workers=0.9))


def point(workers: int, kind: str = "exponential", bend: float = 0.0) -> Point:
    slower = 1 + bend * (workers - 1)
    rate = true_edge(kind, workers, SLO) / slower
    return Point(workers, Edge(rate, 0.95 * rate, 1.05 * rate, "line"), 20 * workers / slower)


@pytest.mark.parametrize("kind", ["constant", "exponential"])
def test_one_point_tells_of_other_counts_what_theory_does(kind):
    """Within 10 %: from the edge of two workers that of eight, which are fuller."""
    law = fit_law([point(2, kind)], SLO)
    assert law.rate(2) == pytest.approx(point(2, kind).edge.rate, rel=0.01)
    assert law.rate(8) == pytest.approx(true_edge(kind, 8, SLO), rel=0.1)
    assert law.rate(8) > 4.2 * law.rate(2)
    assert law.knee is None


def test_contention_is_found_and_has_a_knee():
    """Workers that share something: α within a fifth of what it is, and a count beyond which another adds little."""
    law = fit_law([point(n, bend=0.1) for n in (1, 2, 4, 8)], SLO)
    assert law.contention + law.coherence == pytest.approx(0.1, abs=0.03)
    assert law.knee in (3, 4, 5, 6)
    assert law.ceiling(16) == pytest.approx(16 * 20 / 2.5, rel=0.02)


def test_nothing_is_above_the_ceiling():
    """Whatever the count."""
    law = fit_law([point(1), point(2)], SLO)
    assert all(law.rate(n) < 20.001 * n for n in (1, 2, 5, 50, 500))


@pytest.mark.parametrize("rps", [1, 10, 37, 500, 2000])
def test_the_workers_are_the_fewest(rps):
    """At the low end of the interval."""
    law = fit_law([point(1), point(4)], SLO)
    count = law.workers_for(rps)
    assert law.rate(count) * law.low >= rps
    assert count == 1 or law.rate(count - 1) * law.low < rps


def test_a_law_that_turns_down_has_no_count_for_every_rate():
    """Where workers only stand in each other's way there is none."""
    assert Law(20, 0.1, 0.05, 3, -3, 0.9, 1.1, 3).workers_for(1000) is None


def test_machines_hold_what_was_tried_and_have_room_for():
    """By processors: 0.04 s a request of 4 cores; one more machine for headroom; the price of all."""
    machine = Machine(cores=4, memory_bytes=64 * 2**30, worker_bytes=2**30, cpu_s_per_request=0.04)
    plan = make_plan([point(4)], Asked("m", SLO, 300, 99.9, spare=1, price=2.0), LIMIT, machine)
    assert plan.workers_per_machine * plan.goodput_per_worker * 0.04 <= 4 * 0.9 * 1.05
    assert (plan.machines - 1) * plan.machine_rate >= 300
    assert (plan.machines - 2) * plan.machine_rate < 300
    assert plan.workers == plan.machines * plan.workers_per_machine
    assert plan.cost == 2.0 * plan.machines
    assert plan.memory_bytes == plan.workers_per_machine * 2**30


def test_tokens_at_the_edge():
    """What a request has of them times the edge; nothing is said of other models."""
    plan = make_plan([point(2)], Asked("m", SLO, 100), LIMIT, Machine(), tokens_a_request=20.0)
    assert plan.tokens_per_second == pytest.approx(20 * plan.edge.rate)
    assert ("tokens at the edge", f"{plan.tokens_per_second:.3g} tokens/s") in rows_of(plan)
    assert make_plan([point(2)], Asked("m", SLO, 100), LIMIT, Machine()).tokens_per_second is None


def test_one_point_is_not_trusted_far():
    """Four times as many workers as were tried, on a machine that has room for a thousand."""
    plan = make_plan([point(2)], Asked("m", SLO, 10_000), LIMIT, Machine())
    assert plan.workers_per_machine == 8
    assert any("--sweep" in remark for remark in plan.remarks)


def test_sections_can_be_pasted():
    """model-config.yaml and thresholds.yml take them as they are."""
    plan = make_plan([point(2)], Asked("m", SLO, 100, 99.9), LIMIT, Machine())
    text = yaml.safe_dump({**plan.autoscale, "slo": plan.slo})
    config, warnings = parse_model_config(text, "model-config.yaml")
    assert config.min_workers == plan.workers_per_machine
    assert warnings == []
    assert thresholds_of(plan.thresholds, "thresholds.yml")


def test_json_has_what_is_promised():
    """Plain values, the open end of an interval as null."""
    open_point = Point(1, Edge(10.0, 0.0, float("inf"), "line"), 20.0)
    plan = make_plan([open_point], Asked("m", SLO, 100), LIMIT, Machine())
    told = json.loads(json.dumps(plan.to_json(), allow_nan=False))
    for key in ("goodput_per_worker", "workers", "machines", "limit", "knee", "autoscale", "slo"):
        assert told[key] is not None, key
    assert told["goodput_per_worker_interval"] == [0.0, None]
    assert told["limit"]["name"] == "worker"
    assert any("interval is open" in remark for remark in told["remarks"])


@pytest.mark.parametrize("text", ["p95=200ms", "ttft_p95=300ms", "itl_p99=50ms"])
def test_an_objective_can_be_pasted_whatever_it_is_about(text):
    """`slo:` has all three."""
    plan = make_plan([point(2)], Asked("m", parse_objective(text), 100, 99.9), LIMIT, Machine())
    config, warnings = parse_model_config(yaml.safe_dump({"slo": plan.slo}), "model-config.yaml")
    assert warnings == []
    told = asdict(config.objectives)
    assert told[f"{plan.of}_s"] == plan.limit_s
    assert told[f"{plan.of}_target"] == pytest.approx(plan.share)


def test_where_the_client_was_the_limit_there_is_no_number():
    """Only what was kept, and no end above; no workers, and nothing to paste."""
    limit = find_limit(Use(workers=0.3), client=True)
    plan = unknown(Asked("m", SLO, 100, version="2.0"), limit, Edge(40.0, 40.0, math.inf, "bracket"), 4)
    told = json.loads(json.dumps(plan.to_json(), allow_nan=False))
    assert told["goodput_per_worker"] is told["workers"] is told["machines"] is None
    assert told["goodput_per_worker_interval"] == [10.0, None]
    assert (told["limit"]["name"], told["version"], told["of"]) == ("client", "2.0", "latency")
    assert ("verdict", "not known: this client was the limit") in rows_of(plan)
    assert ("at least", "10 requests/s a worker kept the objective") in rows_of(plan)


def test_an_open_interval_reads_so():
    """Not as a number that is infinite."""
    plan = make_plan([Point(1, Edge(10.0, 10.0, math.inf, "bracket"), 20.0)], Asked("m", SLO, 100), LIMIT, Machine())
    assert rows_of(plan)[0] == ("goodput a worker", "10 requests/s (from 10 on, kept and broken)")
    assert any("nothing broke the objective" in one for one in plan.remarks)
    assert "inf" not in page(plan, rows_of(plan)).replace("inform", "")


def test_what_nothing_can_meet_says_what_comes_nearest():
    """And has no workers."""
    plan = impossible(Asked("m", SLO, 100), LIMIT, "p50 = 310 ms")
    assert plan.workers is None
    assert plan.nearest == "p50 = 310 ms"
    assert json.loads(json.dumps(plan.to_json()))["goodput_per_worker"] == 0
