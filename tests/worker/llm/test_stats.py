"""When the front end hears of the engine's numbers: at most so often, and of the last state always."""

import itertools
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.messages import EngineStats
from servescope.worker.llm.stats import EngineRecorder, EngineTotals, StatsThrottle


class Loop:
    """A clock that only moves by `advance`, and its timers."""

    def __init__(self):
        self.now = 0.0
        self.timers = []

    def clock(self):
        return self.now

    def call_later(self, delay, callback):
        self.timers.append((self.now + delay, callback))

    def advance(self, seconds):
        end = self.now + seconds
        while due := [timer for timer in self.timers if timer[0] <= end]:
            first = min(due, key=lambda timer: timer[0])
            self.timers.remove(first)
            self.now = max(self.now, first[0])
            first[1]()
        self.now = end


def throttle():
    loop = Loop()
    sent = []
    return StatsThrottle(lambda stats: sent.append((loop.now, stats)), loop.clock, loop.call_later, 0.05), loop, sent


def test_the_first_goes_at_once_and_the_last_always():
    """Changes within the interval wait for its end; only the latest of them is told, with all preemptions."""
    stats, loop, sent = throttle()
    stats.update(1, 0, 0.1, 0)
    stats.update(2, 3, 0.2, 1)
    stats.update(1, 0, 0.1, 1)
    stats.update(0, 0, 0.0, 0)
    assert sent == [(0.0, EngineStats(1, 0, 0.1, 0))]
    loop.advance(1)
    assert sent[1:] == [(0.05, EngineStats(0, 0, 0.0, 2))]


def test_nothing_new_is_not_told():
    """An engine at rest is silent, also after a change that was undone in time."""
    stats, loop, sent = throttle()
    stats.update(0, 0, 0.0, 0)
    loop.advance(1)
    assert sent == []
    stats.update(1, 0, 0.1, 0)
    stats.update(2, 0, 0.1, 0)
    stats.update(1, 0, 0.1, 0)
    loop.advance(1)
    assert len(sent) == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.floats(0, 0.2)), max_size=30))
def test_any_course(course):
    """Never two within the interval; after it, the last state; no preemption lost or told twice."""
    stats, loop, sent = throttle()
    for running, preemptions, pause in course:
        stats.update(running, 0, 0.0, preemptions)
        loop.advance(pause)
    loop.advance(1)
    assert all(after[0] - before[0] >= 0.05 - 1e-9 for before, after in itertools.pairwise(sent))
    assert (sent[-1][1].running if sent else 0) == (course[-1][0] if course else 0)
    assert sum(one.preemptions for _, one in sent) == sum(preemptions for _, preemptions, _ in course)


def scheduler(running, waiting, skipped, usage):
    return SimpleNamespace(
        num_running_reqs=running, num_waiting_reqs=waiting, num_skipped_waiting_reqs=skipped, kv_cache_usage=usage
    )


def test_engines_are_added_up():
    """Two engines behind one client; a step without a scheduler's state counts for its preemptions."""
    stats, loop, sent = throttle()
    totals = EngineTotals(stats)
    first, second = EngineRecorder(totals, 0), EngineRecorder(totals, 1)
    first.record(scheduler(1, 2, 3, 0.5), None)
    loop.advance(1)
    second.record(scheduler(1, 0, 0, 0.1), SimpleNamespace(num_preempted_reqs=1), None, 1)
    loop.advance(1)
    second.record(None, SimpleNamespace(num_preempted_reqs=2))
    second.record(None, None)
    loop.advance(1)
    assert [one for _, one in sent] == [EngineStats(1, 5, 0.5, 0), EngineStats(2, 5, 0.3, 1), EngineStats(2, 5, 0.3, 2)]
