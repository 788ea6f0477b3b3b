"""Requests in flight and queued, over a target."""

from servescope.autoscaler.counts.concurrency import Concurrency


def _counts(concurrent, there, target=10.0, begin=0):
    concurrency = Concurrency(60.0, 6.0)
    for at, count in enumerate(concurrent, begin):
        concurrency.note(float(at), count)
        yield concurrency, concurrency.workers(target, there)


def test_the_mean_over_the_target_is_wanted():
    """45 requests at 10 each: five workers."""
    *_, (concurrency, count) = _counts([45] * 60, there=5)
    assert count == 5
    assert concurrency.mean == 45
    assert not concurrency.panicking


def test_a_single_sample_decides_nothing_after_a_minute():
    """It is one of sixty."""
    *_, (_, count) = _counts([10] * 60 + [100], there=2)
    assert count == 2


def test_twice_the_target_is_a_panic_which_only_grows():
    """Six seconds say so; then the highest stays for a minute without reason."""
    seen = list(_counts([10] * 60 + [60] * 6 + [10] * 120, there=2))
    counts = [count for _, count in seen]
    assert max(counts) == 6
    first = counts.index(6)
    # the reason, four workers' worth over six seconds, lasts for a few seconds after that
    assert set(counts[first : first + 60]) == {6}
    assert counts[-1] == 1


def test_a_mean_is_full_after_its_window():
    """Before that it is of less."""
    full = [concurrency.full for concurrency, _ in _counts([1] * 62, there=1)]
    assert full == [False] * 60 + [True] * 2


def test_nothing_at_all_wants_nobody():
    """It is the policy and the bounds that keep one."""
    *_, (_, count) = _counts([0] * 10, there=1)
    assert count == 0
