"""How many workers a model version shall have, and why: the whole of it, once a tick.

In: signals, of which some may be missing, and options. Out: a `Decision`. Called by the server's loop and by the simulator.
The policy is one stage; around it stand what it cannot know: numbers that are missing, bounds, steps.
"""

import math
from dataclasses import replace

from servescope.autoscaler.decision import Decision, Direction
from servescope.autoscaler.options import PolicyOptions
from servescope.autoscaler.policy import Policy
from servescope.autoscaler.signals import Measured, Signals

_POLICYS_OWN = ("kept", "late")


class Scaler:
    """One model version's."""

    def __init__(self, options: PolicyOptions) -> None:
        self._options = options
        self._policy = Policy(options)
        self._held: tuple[float, int] | None = None
        self._fresh_at: float | None = None

    @property
    def options(self) -> PolicyOptions:
        """What it goes by now."""
        return self._options

    def rebound(self, min_workers: int, max_workers: int) -> None:
        """Other bounds from now on. Raises ValueError where they contradict each other."""
        self._options = replace(self._options, min_workers=min_workers, max_workers=max_workers)

    def hold(self, at: float, workers: int) -> None:
        """Somebody set the count by hand at that moment: it stays until the load moves by more than the tolerance."""
        self._held = (at, workers)

    def decide(self, signals: Signals) -> Decision:
        """What to have from now on."""
        there = signals.there
        measured = _complete(signals)
        if measured is None:
            age = 0.0 if self._fresh_at is None else signals.at - self._fresh_at
            return self._decision(there, there, "stale", {}, age)
        self._fresh_at = signals.at
        verdict = self._policy.decide(measured)
        if self._held is not None and signals.at < self._held[0] + self._options.window_s:
            return self._decision(there, self._held[1], "by_hand", {"latency_slo": verdict.wanted}, 0.0)
        reason = verdict.reason if verdict.reason in _POLICYS_OWN else "latency_slo"
        desired = there if reason == "late" else verdict.wanted
        return self._decision(there, desired, reason, {"latency_slo": verdict.wanted}, 0.0)

    def _decision(self, there: int, desired: int, reason: str, signals: dict[str, int], age_s: float) -> Decision:
        options = self._options
        most = max(1, math.floor(options.growth * there))
        workers, bound = desired, None
        for limited, name in (
            (min(workers, most), "step"),
            (max(min(workers, most), options.min_workers), "min"),
            (min(max(min(workers, most), options.min_workers), options.max_workers), "max"),
        ):
            if limited != workers:
                workers, bound = limited, name
        direction: Direction = "up" if workers > there else "down" if workers < there else "hold"
        words = f"{direction} from {there} to {workers}, {desired} wanted ({reason})"
        return Decision(workers, desired, signals, reason, bound, direction, None, age_s, words)


def _complete(signals: Signals) -> Measured | None:
    """What the policy needs, if nothing of it is missing."""
    arrived, finished, queued = signals.arrived, signals.finished, signals.queued
    if arrived is None or finished is None or queued is None:
        return None
    late, load_s = signals.late or 0.0, signals.load_s or 0.0
    return Measured(
        signals.at,
        arrived,
        finished,
        late,
        queued,
        signals.workers,
        signals.starting,
        signals.service,
        load_s,
    )
