"""M/M/c and M/D/c: against closed forms, and against pools in virtual time."""

import math

import pytest

from planner import mdc, mmc
from planner.pools import LATE, SERVICE_S, pool
from servescope.planner.objective import Objective
from servescope.planner.theory.mmc import waits
from servescope.planner.theory.tail import Tail


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_one_exponential_worker_has_the_closed_form(share):
    """M/M/1: the time there is exponential; Erlang's C is the share of time that it is busy."""
    rate = share / SERVICE_S
    assert mmc.late(rate, SERVICE_S, 1, 0.3) == pytest.approx(math.exp(-(1 / SERVICE_S - rate) * 0.3))
    assert waits(share, 1) == pytest.approx(share)


def test_erlangs_table():
    """C(2, 1) = 1/3; C(10, 8) = 0.409."""
    assert waits(1.0, 2) == pytest.approx(1 / 3)
    assert waits(8.0, 10) == pytest.approx(0.409, abs=1e-3)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.9])
def test_one_constant_worker_has_erlangs_form(share):
    """M/D/1: P(W = 0) = 1 − ρ, and within one service time (1 − ρ)·exp(ρ·t/D)."""
    rate = share / SERVICE_S
    assert mdc.waits_within(rate, SERVICE_S, 1, 0.0) == pytest.approx(1 - share)
    assert mdc.waits_within(rate, SERVICE_S, 1, 0.6 * SERVICE_S) == pytest.approx((1 - share) * math.exp(0.6 * share))


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("kind", LATE)
def test_theory_is_what_a_pool_does(kind, workers):
    """A long load, at 0.7 of the ceiling."""
    rate = 0.7 * workers / SERVICE_S
    seen = pool(kind, workers, "theory").measure(rate, 40_000 / rate)
    for limit_s in (0.08, 0.15):
        expected = LATE[kind](rate, SERVICE_S, workers, limit_s)
        assert seen.late_share(Objective(0.99, limit_s)) == pytest.approx(expected, rel=0.2, abs=0.004)


@pytest.mark.parametrize("kind", LATE)
def test_too_few_workers_are_always_late(kind):
    """From the ceiling on."""
    assert LATE[kind](2 / SERVICE_S, SERVICE_S, 2, 1.0) == 1.0


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_late_comes_late(workers):
    """Loads that begin with idle workers have fewer late requests than the long run; the relaxation time says how many at most."""
    limit_s, rate, seconds, loads = 0.3, 0.9 * workers / SERVICE_S, 12.0, 1200
    begins = pool("exponential", workers, "transient")
    found = [begins.measure(rate, seconds).late_share(Objective(0.9, limit_s)) for _ in range(loads)]
    missing = 1 - sum(found) / loads / LATE["exponential"](rate, SERVICE_S, workers, limit_s)
    most = Tail(workers / SERVICE_S, workers, limit_s).missing(rate, seconds / 4, seconds)
    assert 0.03 < missing < most
