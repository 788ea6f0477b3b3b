"""Whether it pays to wait awake, for any limit; `test_polling` has what a reader makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.quickness import Quickness

LIMITS = st.floats(1e-6, 1.0)


def quick(limit_s):
    """One for which it pays."""
    quickness = Quickness(limit_s)
    for _ in range(10):
        quickness.came(limit_s / 2)
    assert quickness.pays
    return quickness


@pytest.mark.parametrize(("after", "pays"), [(0.0, True), (0.99, True), (1.0, False), (5.0, False)])
def test_how_quickly(after, pays):
    """What came within the limit was quick."""
    quickness = Quickness(0.25)
    for _ in range(10):
        quickness.came(0.25 * after)
    assert quickness.pays is pays


@given(LIMITS, st.lists(st.floats(0, 3), max_size=100))
def test_never_after_two_slow_ones(limit_s, gaps):
    """However it was before: it is given up after at most three that were slow, and needs three quick ones again."""
    quickness = quick(limit_s)
    for gap in gaps:
        quickness.came(gap * limit_s)
    for _ in range(4):
        quickness.came(2 * limit_s)
    assert not quickness.pays
    for _ in range(2):
        quickness.came(0.0)
        assert not quickness.pays
    quickness.came(0.0)
    assert quickness.pays


@given(LIMITS, st.floats(0, 10))
def test_somebody_had_the_processor(limit_s, times):
    """A look that ended much too late says so: no quick answer makes up for it soon."""
    quickness = quick(limit_s)
    quickness.looked(times * limit_s)
    kept_away = times * limit_s > 2 * limit_s
    assert quickness.pays is not kept_away
    for _ in range(64):
        quickness.came(0.0)
    assert quickness.pays is not kept_away
    for _ in range(3):
        quickness.came(0.0)
    assert quickness.pays


def test_nobody_wants_the_processor_any_more():
    """What others did for long is forgotten after a few hundred looks, not after as many as it slept through."""
    quickness = quick(0.25)
    for _ in range(20):
        quickness.looked(1.0)
    slept = 0
    while not quickness.pays:
        quickness.came(0.0)
        slept += 1
    assert slept > 8000
    for _ in range(400):
        quickness.looked(0.1)
    quickness.looked(1.0)
    for _ in range(64 + 3):
        assert not quickness.pays
        quickness.came(0.0)
    assert quickness.pays
