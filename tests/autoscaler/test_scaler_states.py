"""Whatever a scaler is told, in whatever order, it stays within what it was asked."""

import math

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from msgspec.structs import replace

from servescope.autoscaler.decision import REASONS
from servescope.autoscaler.options import PolicyOptions
from servescope.autoscaler.scaler import Scaler
from servescope.autoscaler.signals import Room, ServiceTimes, Signals

ABSURD = st.sampled_from([None, math.nan, math.inf, -math.inf, -1.0, 1e300, 1e11])
SHARES = st.lists(st.none() | st.floats(0, 1) | ABSURD, max_size=4).map(tuple)
SOUND = {
    "queued": st.integers(0, 200),
    "in_flight": st.integers(0, 200),
    "oldest_s": st.floats(0, 100),
    "idle_s": st.floats(0, 1000),
    "waiting": st.integers(0, 50),
    "load_s": st.none() | st.floats(0, 600),
    "kv_cache": st.lists(st.floats(0, 1), max_size=4).map(tuple),
    "gpu": st.lists(st.floats(0, 1), max_size=4).map(tuple),
    "room": st.none() | st.builds(Room, st.integers(0, 20), st.sampled_from(["memory", "gpu_memory", "container"])),
    "service": st.none()
    | st.lists(st.floats(0.001, 100), min_size=1, max_size=5).map(
        lambda times: ServiceTimes(sum(times) / len(times), tuple(sorted(times)))
    ),
}
BROKEN = dict.fromkeys(
    ("arrived", "finished", "late", "queued", "in_flight", "oldest_s", "idle_s", "waiting", "load_s", "age_s"), ABSURD
) | {
    "kv_cache": SHARES | st.none(),
    "gpu": SHARES | st.none(),
    "room": st.builds(Room, st.integers(-5, 5) | st.just(math.nan), st.just("memory")),
    "service": st.builds(ServiceTimes, st.floats(), st.lists(st.floats(), max_size=3).map(tuple)),
}
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "objective_s": st.just(0.0) | st.floats(1e-6, 60),
        "target_per_worker": st.floats(0.01, 100),
        "to_zero_after_s": st.floats(0, 600),
        "gpu_target": st.floats(0.01, 1),
        "at_once": st.none() | st.integers(1, 64),
        "stale_after_s": st.floats(0, 60),
        "lookback_s": st.floats(0, 600),
        "tolerance": st.floats(0, 1),
        "growth": st.floats(1.01, 4),
    },
)


class AnyOrder(RuleBasedStateMachine):
    """A pool that does as it is told, more or less, and numbers that come and go."""

    @initialize(options=OPTIONS, least=st.integers(0, 5), more=st.integers(0, 40))
    def begin(self, options, least, more):
        """Register the model."""
        self.scaler = Scaler(PolicyOptions(min_workers=least, max_workers=least + more, **options))
        self.at, self.arrived, self.late = 100.0, 0, 0
        self.workers, self.starting, self.failed = least, 0, 0

    @rule(
        rate=st.integers(0, 300),
        late=st.integers(0, 20),
        seconds=st.integers(1, 30),
        told=st.fixed_dictionaries({}, optional=SOUND),
    )
    def time_passes(self, rate, late, seconds, told):
        """With sound numbers."""
        for _ in range(seconds):
            self.at += 1.0
            self.arrived += rate
            self.late += late
            self._decide(told)

    @rule(told=st.fixed_dictionaries({}, optional=BROKEN), seconds=st.integers(1, 10))
    def numbers_break(self, told, seconds):
        """Some of them, or all."""
        for _ in range(seconds):
            self.at += 1.0
            self._decide(told)

    @rule(to=st.floats() | st.floats(-1e4, 1e4))
    def the_clock_jumps(self, to):
        """Anywhere, or nowhere, for a sample."""
        at, self.at = self.at, to
        self._decide({})
        if not math.isfinite(to) or abs(to) > 1e12:
            self.at = at

    @rule()
    def the_clock_stands(self):
        """Still."""
        self._decide({})

    @rule()
    def counters_begin_anew(self):
        """At nought."""
        self.arrived = self.late = 0

    @rule(count=st.integers(0, 10))
    def workers_load(self, count):
        """Some of those that were asked for."""
        loaded = min(count, self.starting)
        self.workers, self.starting = self.workers + loaded, self.starting - loaded
        self.failed = 0 if loaded else self.failed

    @rule(count=st.integers(1, 5))
    def starts_fail(self, count):
        """The pool goes on trying."""
        self.failed += count

    @rule(count=st.integers(0, 60))
    def workers_are_counted_anew(self, count):
        """Somebody changed the pool behind the scaler's back."""
        self.workers, self.starting = count, 0

    @rule(least=st.integers(0, 10), more=st.integers(0, 30))
    def bounds_change(self, least, more):
        """Both at once."""
        self.scaler.rebound(least, least + more)

    @rule(count=st.integers(0, 50), since=st.floats(-1e3, 1e3))
    def somebody_sets_the_count(self, count, since):
        """By hand."""
        self.scaler.hold(self.at + since, count)

    def _decide(self, told):
        signals = Signals(
            self.at, self.arrived, self.arrived, self.late, 0, self.workers, self.starting, None, 5.0, 0,
            failed_starts=self.failed,
        )  # fmt: skip
        signals = replace(signals, **told)
        decision = self.scaler.decide(signals)
        self._within_bounds(signals, decision)
        self._agrees_with_itself(signals, decision)
        kept = min(decision.workers, self.workers)
        self.workers, self.starting = kept, decision.workers - kept

    def _within_bounds(self, signals, decision):
        options, there = self.scaler.options, signals.there
        room = signals.room
        ceiling = options.max_workers
        if room is not None and math.isfinite(room.more):
            ceiling = min(ceiling, there + max(0, room.more))
        least = min(options.min_workers, ceiling)
        if decision.workers < least:
            assert options.to_zero_after_s is not None
            assert (decision.workers, decision.desired) == (0, 0)
            assert decision.reason in ("idle", "missing", "stale")
        assert decision.workers <= ceiling
        assert decision.workers <= max(least, there + 1, math.floor(options.growth * there))

    def _agrees_with_itself(self, signals, decision):
        there, reason = signals.there, decision.reason
        direction = "up" if decision.workers > there else "down" if decision.workers < there else "hold"
        assert decision.direction == direction
        assert reason in REASONS
        assert decision.bound in (None, "step", "min", "max", "failed_starts", "memory", "gpu_memory", "container")
        if reason in ("missing", "stale", "late", "panic", "tolerance") and decision.workers:
            assert direction == "hold"
        if reason in ("bounds", "failed_starts"):
            assert decision.bound is not None
        if reason in ("idle", "refused", "kept", "new"):
            assert direction != "up"
        if reason == "woken":
            assert direction != "down"
        assert decision.age_s >= 0
        assert decision.desired >= 0
        assert all(count >= 0 for count in decision.signals.values())
        if decision.signals and reason not in ("idle", "stale", "fallback") and decision.workers:
            assert decision.desired == max(int(reason == "woken"), *decision.signals.values())
        verb = f"hold at {there}: " if direction == "hold" else f"{direction} from {there} to {decision.workers}: "
        assert decision.words.startswith(f"{verb}{decision.desired} wanted")
        assert reason in decision.words or REASONS[reason] in decision.words


AnyOrder.TestCase.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, phases=(Phase.generate, Phase.shrink)
)
TestAnyOrder = AnyOrder.TestCase
