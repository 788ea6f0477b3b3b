"""The search in virtual time, against queueing theory: the edge, its interval, the ceiling, the budget."""

from dataclasses import replace

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


def test_workers_that_are_nearly_full_come_to_their_queue_late():
    """Each load begins with idle workers, and is over before their queue is what it is in the long run: the edge allows for it."""
    slo = "p90=300ms"
    truth = true_edge("exponential", 4, parse_objective(slo))  # 89 % full
    edges = [searched("exponential", 4, slo, f"full {seed}").edge for seed in range(30)]
    assert sum(edge.low <= truth <= edge.high for edge in edges) >= 27
    assert abs(sum(edge.rate for edge in edges) / len(edges) / truth - 1) < 0.012


def test_an_objective_that_is_hardly_one_is_kept_up_to_the_ceiling():
    """Half a minute for a median of 50 ms: the edge is just below what the workers can do."""
    edge = searched("constant", 2, "p50=5s", 1).edge
    assert 0.9 * 40 < edge.rate <= 40.001


def test_a_full_queue_breaks_it():
    """With room for two to wait, 503 comes long before the objective's time is over."""
    short = searched("constant", 2, "p99=2s", 1, queue=2)
    assert short.broken.refused
    assert short.edge.rate < 0.8 * searched("constant", 2, "p99=2s", 1).edge.rate


@pytest.mark.parametrize("beside_s", [0.0, 1.5])
def test_the_budget_is_kept(beside_s):
    """All loads together end within it, whatever they find, and with what a load takes beside: answers that are waited for."""
    for budget_s in (30.0, 240.0):
        found = pool("exponential", 1, "budget")
        found.beside_s = beside_s
        Search(found.measure, Terms(parse_objective("p99=1s"), budget_s, 1.0), found.clock).run()
        assert found.now <= budget_s


@pytest.mark.parametrize("seed", range(5))
def test_a_model_that_fails_now_and_then_keeps_nothing(seed):
    """Of p99 five in a hundred are too many at every rate; that share is told, and not an edge where few happened to fail."""
    failing = pool("constant", 1, f"failing {seed}")
    failing.failing = 0.05
    found = Search(failing.measure, Terms(parse_objective("p99=200ms"), 120.0, 5.0), failing.clock).run()
    assert found.edge is None
    assert 0.02 < found.spoilt < 0.15


@pytest.mark.parametrize("seed", range(3))
def test_failures_that_are_allowed_are_late_requests(seed):
    """Two in a hundred, with p90 and an availability of 95 %: an edge below that of a model that never fails."""
    failing = pool("constant", 1, f"allowed {seed}")
    failing.failing = 0.02
    found = Search(failing.measure, Terms(parse_objective("p90=200ms"), 240.0, 5.0, 0.95), failing.clock).run()
    assert found.spoilt is None
    assert 0.7 < found.edge.rate / true_edge("constant", 1, parse_objective("p90=200ms")) < 1.05


def test_what_nothing_broke_is_open_above():
    """A load of a short budget that the workers never felt: the interval does not end where the client did."""
    idle = pool("constant", 64, "idle")
    idle.beside_s = 2.0
    found = Search(idle.measure, Terms(parse_objective("p99=5s"), 30.0, 4.0), idle.clock).run()
    assert found.broken is None
    assert found.edge.low == found.edge.rate < found.edge.high


def test_what_nothing_can_keep_has_no_edge():
    """The search goes down, and ends with the budget."""
    assert searched("constant", 1, "p99=40ms", 1).edge is None


def late_client(workers: int, when):
    """A pool whose loads were sent late where `when(rate, count)` says so, and its search's measure."""
    fast, count = pool("constant", workers, "client"), 0

    def measure(rate: float, seconds: float) -> Trial:
        nonlocal count
        trial, count = fast.measure(rate, seconds), count + 1
        late = 0.1 if when(rate, count) else 0.0
        return replace(trial, sent=[Sent(one.at_s, one.latency_s + late, late) for one in trial.sent])

    return Search(measure, Terms(parse_objective("p99=400ms"), 240.0, 10.0), fast.clock)


def test_a_client_that_is_the_limit_is_no_number_of_the_servers():
    """Loads that were sent late are tried again, and end the search if they stay so; the interval is open above."""
    found = late_client(4, lambda rate, _: rate > 30).run()
    assert found.client
    assert found.broken is None
    assert found.edge.low == 20
    assert found.edge.high > 70


def test_a_client_that_was_late_once_is_no_limit():
    """Of the machine's other work: the edge was between loads that were sent in time, and late ones say nothing."""
    found = late_client(4, lambda _, count: count > 12).run()
    assert not found.client
    assert found.broken is not None
    assert all(one.lag_s == 0 for trial in found.trials for one in trial.sent)
    assert found.edge.rate > 40


def test_the_same_seed_finds_the_same():
    """Nothing but the arguments decides."""
    assert searched("exponential", 2, "p95=200ms", 7) == searched("exponential", 2, "p95=200ms", 7)
