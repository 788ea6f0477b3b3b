"""The search in virtual time, against queueing theory: the edge, its interval, the ceiling, the budget."""

import pytest

from planner.pools import SERVICE_S, pool, searched, true_edge
from servescope.planner.load.trial import Sent, Trial
from servescope.planner.objective import parse_objective
from servescope.planner.search.search import Search, Terms

CASES = [
    ("constant", 1, "p95=200ms"),
    ("constant", 2, "p95=200ms"),
    ("constant", 2, "p99=200ms"),
    ("constant", 4, "p99=200ms"),
    ("exponential", 1, "p90=300ms"),
    ("exponential", 2, "p90=200ms"),
    ("exponential", 4, "p99=400ms"),
]


@pytest.mark.parametrize(("kind", "workers", "slo"), CASES)
def test_the_edge_is_theorys(kind, workers, slo):
    """Within 10 % in each of five searches of four minutes, and never above what workers can do that are never idle."""
    truth = true_edge(kind, workers, parse_objective(slo))
    for seed in range(5):
        edge = searched(kind, workers, slo, seed).edge
        assert abs(edge.rate / truth - 1) < 0.1, (seed, edge, truth)
        assert edge.rate <= workers / SERVICE_S * (1.0001 if kind == "constant" else 1.03)


@pytest.mark.parametrize(("kind", "slo"), [("constant", "p95=200ms"), ("exponential", "p90=300ms")])
def test_the_interval_has_the_truth_in_it(kind, slo):
    """In 90 % at least of 200 searches."""
    truth = true_edge(kind, 1, parse_objective(slo))
    edges = [searched(kind, 1, slo, f"coverage {seed}").edge for seed in range(200)]
    assert sum(edge.low <= truth <= edge.high for edge in edges) >= 180
    assert sum(edge.high - edge.low for edge in edges) / 200 < 0.5 * truth  # and it says something


def test_an_objective_that_is_hardly_one_is_kept_up_to_the_ceiling():
    """Half a minute for a median of 50 ms: the edge is just below what the workers can do."""
    edge = searched("constant", 2, "p50=5s", 1).edge
    assert 0.9 * 40 < edge.rate <= 40.001


def test_a_full_queue_breaks_it():
    """With room for two to wait, 503 comes long before the objective's time is over."""
    short = searched("constant", 2, "p99=2s", 1, queue=2)
    assert short.broken.refused
    assert short.edge.rate < 0.8 * searched("constant", 2, "p99=2s", 1).edge.rate


def test_the_budget_is_kept():
    """All loads together end within it, whatever they find."""
    for budget_s in (30.0, 240.0):
        found = pool("exponential", 1, "budget")
        Search(found.measure, Terms(parse_objective("p99=1s"), budget_s, 1.0), found.clock).run()
        assert found.now <= budget_s


def test_what_nothing_can_keep_has_no_edge():
    """The search goes down, and ends with the budget."""
    assert searched("constant", 1, "p99=40ms", 1).edge is None


def test_a_client_that_is_the_limit_is_no_number_of_the_servers():
    """Loads that were sent late are tried again, and end the search if they stay so."""
    fast = pool("constant", 4, "client")

    def measure(rate: float, seconds: float) -> Trial:
        trial = fast.measure(rate, seconds)
        late = 0.1 if rate > 30 else 0.0
        sent = [Sent(one.at_s, one.latency_s + late, late) for one in trial.sent]
        return Trial(rate, seconds, 4, sent, trial.failures, busy_s=trial.busy_s)

    found = Search(measure, Terms(parse_objective("p99=400ms"), 240.0, 10.0), fast.clock).run()
    assert found.client
    assert found.edge is None or found.edge.rate <= 45


def test_the_same_seed_finds_the_same():
    """Nothing but the arguments decides."""
    assert searched("exponential", 2, "p95=200ms", 7) == searched("exponential", 2, "p95=200ms", 7)
