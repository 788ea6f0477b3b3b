"""How many workers a model version shall have, and why: the whole of it, once a tick.

In: signals, of which some may be missing, and options. Out: a `Decision`. Called by the server's loop and by the simulator.

    clock, numbers → what can be believed → policy, counts → the largest → sleep, by_hand, fewer → a wish → bounds → decision

Everything that is remembered is here or in these parts; the clock is the signals' own.
"""

from dataclasses import replace

from servescope.autoscaler.counts.counts import Counts
from servescope.autoscaler.counts.objective import Objective
from servescope.autoscaler.decision import Decision, Direction, Facts, Wish
from servescope.autoscaler.guards.bounds import FAILED_STARTS, Bounds
from servescope.autoscaler.guards.by_hand import ByHand
from servescope.autoscaler.guards.clock import Clock, Tick
from servescope.autoscaler.guards.fewer import Moment, fewer
from servescope.autoscaler.guards.numbers import Numbers, Totals, checked, measured
from servescope.autoscaler.guards.sleep import sleep
from servescope.autoscaler.guards.starts import Starts
from servescope.autoscaler.objective.arrivals import Arrivals
from servescope.autoscaler.objective.policy import Policy, Verdict
from servescope.autoscaler.options import PolicyOptions
from servescope.autoscaler.signals import Signals

_ASSUMED_LOAD_S = 10.0  # before a worker has loaded
# What the policy's counts are called where they keep what is there.
_KEEPS = {"kept": "kept", "sure": "refused", "loading": "late", "queue": "late"}


class Scaler:
    """One model version's."""

    def __init__(self, options: PolicyOptions) -> None:
        self._options = options
        self._objective = Objective(options.objective_s)
        self._clock = Clock(options.sample_s, options.window_s)
        self._counts = Counts(options)
        self._starts = Starts(options.backoff_s, options.longest_backoff_s, options.growth)
        self._by_hand = ByHand(options.tolerance, (options.panic_s, options.window_s))
        self._workers = options.min_workers
        self._fresh_now = self._trusted_now = 0.0
        self._fresh: int | None = None  # the last count that was decided on complete numbers
        self._load_s = _ASSUMED_LOAD_S
        self._totals = Totals()
        self._forget(0.0, 0.0)

    @property
    def options(self) -> PolicyOptions:
        """What it goes by now."""
        return self._options

    def rebound(self, min_workers: int, max_workers: int) -> None:
        """Other bounds from now on. Raises ValueError where they contradict each other."""
        self._options = replace(self._options, min_workers=min_workers, max_workers=max_workers)
        self._aim()

    def hold(self, at: float, workers: int) -> None:
        """Somebody set the count by hand at that moment, by the signals' clock: it stays, within the bounds, until the load moves
        by more than the tolerance.
        """
        self._by_hand.hold(at, workers)

    def decide(self, signals: Signals) -> Decision:
        """What to have from now on."""
        tick = self._clock.look(signals.at)
        numbers = checked(signals, self._options, self._workers)
        totals = self._totals.after(numbers.signals)
        fell = totals.fell(self._totals)
        if tick.torn or fell:
            self._forget(tick.now, signals.at)
        self._totals = totals
        trusted = tick.trusted and not fell and numbers.usable
        fresh = trusted and not numbers.missing
        if trusted:
            self._trusted_now = tick.now
        if fresh:
            self._fresh_now = tick.now
        wish = self._wish(tick, numbers) if trusted else self._without(tick, numbers.signals)
        decision = self._bounded(tick, numbers, wish)
        self._workers = decision.workers
        if fresh:
            self._fresh = decision.workers
        return decision

    def _forget(self, now: float, at: float) -> None:
        """Throw away what spans a jump: of the clock, or of the counters. `at`: the same moment, by the signals' clock."""
        self._since = now
        self._found: int | None = None
        self._arrivals: Arrivals | None = None
        self._policy = Policy(self._aimed())
        self._counts.forget()
        self._by_hand.forget(at)

    def _aimed(self) -> PolicyOptions:
        return replace(self._options, objective_s=self._objective.seconds)

    def _aim(self) -> None:
        self._policy.aim(self._aimed())

    def _without(self, tick: Tick, signals: Signals) -> Wish:
        """There are no numbers: what is there stays, and after a while the last that was decided on complete ones."""
        there, options = signals.there, self._options
        if not there and options.to_zero_after_s is not None:
            return Wish(0, 0, "stale", asleep=True)
        if self._fresh is not None and tick.now - self._trusted_now >= options.stale_after_s:
            last = max(1, self._fresh)
            return Wish(last, last, "fallback")
        return Wish(there, there, "stale")

    def _wish(self, tick: Tick, numbers: Numbers) -> Wish:
        """What the numbers ask for."""
        signals, there = numbers.signals, numbers.signals.there
        self._found = there if self._found is None else self._found
        verdict, asked, kept = self._ask(signals)
        reason = max(asked, key=lambda name: asked[name], default="missing" if numbers.missing else "new")
        desired = asked.get(reason, there)
        if reason == "latency_slo" and desired <= there and verdict is not None:
            reason = _KEEPS.get(verdict.reason, reason)
        counts = verdict.counts if verdict is not None else {}
        sleeps = sleep(signals, self._options.to_zero_after_s)
        if sleeps == "woken":
            self._by_hand.release()
            woken = max(1, desired)
            return Wish(woken, woken, "woken", asked, counts)
        held = self._held(signals)
        if held is not None:
            return Wish(held, desired, "by_hand", asked, counts)
        if sleeps == "asleep" and not (there and numbers.missing):
            return Wish(0, 0, "missing" if numbers.missing else "idle", asked, asleep=True)
        workers = desired
        if desired < there:
            workers, reason = fewer(desired, there, reason, self._moment(tick, numbers, verdict, kept))
        elif there < desired < there * (1.0 + self._options.tolerance) and not _urgent(reason, verdict):
            workers, reason = there, "tolerance"
        return Wish(workers, desired, reason, asked, counts)

    def _held(self, signals: Signals) -> int | None:
        """The count that somebody set, unless the load has moved, or the model would have been sent to sleep since."""
        held = self._by_hand.held(self._arrivals if signals.arrived is not None else None)
        to_zero, idle_s = self._options.to_zero_after_s, signals.idle_s
        if to_zero is not None and idle_s is not None and to_zero <= min(idle_s, self._by_hand.for_s(signals.at)):
            return None
        return held

    def _ask(self, signals: Signals) -> tuple[Verdict | None, dict[str, int], int]:
        """The policy's verdict, what each signal asks for, and what was asked for of late."""
        if self._objective.look(signals.service):
            self._aim()
        if signals.load_s is not None:
            self._load_s = signals.load_s
        if signals.arrived is not None:
            self._arrivals = self._arrivals or Arrivals(self._options.window_s)
            self._arrivals.note(signals.at, signals.arrived)
        counts, kept = self._counts.take(signals, self._objective.seconds)
        share = self._counts.share(signals.service)
        told = measured(signals, self._totals, share, self._load_s, self._options.objective_s > 0)
        known = self._objective.seconds > 0 and (share is not None or self._options.at_once is not None)
        if told is None or not known:
            return None, counts, kept
        verdict = self._policy.decide(told)
        if "concurrency" in counts and self._options.target_per_worker is None:
            # It was learnt from what the policy goes by, and takes what waits for a load that stays.
            counts["concurrency"] = min(counts["concurrency"], verdict.wanted)
        return verdict, {"latency_slo": verdict.wanted} | counts, kept

    def _moment(self, tick: Tick, numbers: Numbers, verdict: Verdict | None, kept: int) -> Moment:
        """What the policy weighs itself, it is not asked about here: what waits, and whether the rest would keep up."""
        options, oldest_s = self._options, numbers.signals.oldest_s or 0.0
        return Moment(
            missing=bool(numbers.missing),
            late=verdict is None and 0 < self._objective.seconds < oldest_s,
            panic=self._counts.panicking,
            found=(self._found or 0) if tick.now - self._since < options.window_s else 0,
            kept=kept,
            tolerance=options.tolerance,
        )

    def _bounded(self, tick: Tick, numbers: Numbers, wish: Wish) -> Decision:
        options, signals, there = self._options, numbers.signals, numbers.signals.there
        loadable = self._starts.most(tick.now, signals)
        least = 0 if wish.asleep else options.min_workers
        bounds = Bounds(least, options.max_workers, options.growth, loadable, signals.room)
        workers, bound = bounds.within(wish.workers, there)
        direction = _direction(workers, there)
        reason = wish.reason
        if bound == FAILED_STARTS:
            reason = FAILED_STARTS
        elif direction not in ("hold", _direction(wish.workers, there)):
            reason = "bounds"
        return Decision(
            workers=workers,
            desired=wish.desired,
            signals=wish.signals,
            reason=reason,
            bound=bound,
            direction=direction,
            target_per_worker=self._counts.target,
            age_s=tick.now - self._fresh_now,
            facts=self._facts(tick, numbers, wish),
        )

    def _facts(self, tick: Tick, numbers: Numbers, wish: Wish) -> Facts:
        signals, arrivals = numbers.signals, self._arrivals
        return Facts(
            there=signals.there,
            counts=wish.counts,
            missing=numbers.missing,
            rate=arrivals.rate(self._options.window_s) if arrivals is not None and arrivals.known_s > 0 else None,
            service_s=signals.service.mean_s if signals.service is not None else None,
            objective_s=self._objective.seconds,
            concurrent=self._counts.concurrent,
            failed_starts=signals.failed_starts,
            again_s=self._starts.again_at - tick.now,
        )


def _urgent(reason: str, verdict: Verdict | None) -> bool:
    """Whether requests that are there, or a trend, ask for more: these do not wait until they ask for more than a little."""
    return reason == "latency_slo" and verdict is not None and not verdict.patient


def _direction(workers: int, there: int) -> Direction:
    return "up" if workers > there else "down" if workers < there else "hold"
