"""How many workers a model version wants now, and why.

In: signals and options; what it remembers is its own. Out: a `Decision`. Called once a tick, by the loop and by the
simulator. The largest of four counts is wanted: for the rate, for bursts, for where the rate is going, for what has piled up;
and `levels` keeps for a while what was wanted. Nothing is taken away while requests are late.
"""

import math
from dataclasses import dataclass

from servescope.autoscaler.arrivals import Arrivals, noise
from servescope.autoscaler.backlog import Coming, queued_ahead, workers_for_backlog
from servescope.autoscaler.bursts import workers_for_bursts
from servescope.autoscaler.judgement import Judgement
from servescope.autoscaler.levels import Levels
from servescope.autoscaler.options import PolicyOptions
from servescope.autoscaler.signals import Measured, ServiceTimes
from servescope.autoscaler.staffing import workers_for
from servescope.autoscaler.trend import rate_ahead

# Of what the objective leaves to wait: a queue that takes longer is one that somebody must see to.
LATE = 0.5
# Before anything was served: the objective is taken for so many service times.
_OBJECTIVE_IN_SERVICES = 5.0
_TYPICAL_TAIL = 1.6
_RISES_S = (2.0, 3.0)
_RISE = 2.0
_SUDDEN = 3.0


@dataclass(frozen=True, slots=True)
class Decision:
    """`workers`: how many there shall be; `wanted`: before bounds and steps. `reason`: which of the counts decided it;
    `counts` are all of them.
    """

    workers: int
    wanted: int
    reason: str
    counts: dict[str, int]


class Policy:
    """One model version's."""

    def __init__(self, options: PolicyOptions) -> None:
        self._options = options
        self._arrivals = Arrivals(2.0 * options.judged_s)
        self._judgement = Judgement(options.judged_s, options.target)
        self._levels = Levels(options.longest_hold_s)
        self._coming = Coming()
        self._late_at = -math.inf

    def aim(self, options: PolicyOptions) -> None:
        """Other bounds, or another objective, from now on. What it remembers stays."""
        self._options = options

    def decide(self, signals: Measured) -> Decision:
        """What to have from now on."""
        options = self._options
        self._arrivals.note(signals.at, signals.arrived)
        missed = self._judgement.missed(signals)
        service = signals.service or _guess(options.objective_s)
        slack = max(0.1 * options.objective_s, options.objective_s - _TYPICAL_TAIL * service.mean_s)
        counts = self._counts(signals, service, slack, missed)
        needed = min(max(counts["rate"], counts["bursts"], counts["trend"], 1), options.max_workers)
        hold = max(options.hold_s, signals.load_s) * (1.0 + options.insurance * missed)
        counts["kept"] = self._levels.keep(signals.at, needed, hold)
        reason = max(counts, key=lambda name: (counts[name], name != "kept"))
        wanted = max(1, counts[reason])
        return self._stepped(signals, wanted, reason, counts, self._late(signals, service, slack))

    def _counts(self, signals: Measured, service: ServiceTimes, slack: float, missed: float) -> dict[str, int]:
        options, arrivals = self._options, self._arrivals
        steady = arrivals.rate(options.window_s)
        ahead = signals.load_s * options.horizon
        rising = rate_ahead(arrivals, ahead, options.most_ahead * steady)
        staffed = [workers_for(rate, service, options.objective_s, options.target) for rate in (steady, rising)]
        return {
            "rate": staffed[0],
            "trend": staffed[1],
            "bursts": workers_for_bursts(arrivals, service.mean_s, slack, options.insured * missed),
            "backlog": self._backlog(signals, self._rate_now(steady), service.mean_s, slack),
        }

    def _rate_now(self, steady: float) -> float:
        """The rate, where the last seconds say that it has risen."""
        rate, panic_s = steady, self._options.panic_s
        recent = self._arrivals.rate(panic_s)
        if recent > steady + _RISE * noise(steady, panic_s):
            rate = recent
        for seconds in _RISES_S:
            sudden = self._arrivals.rate(seconds)
            if sudden > steady + _SUDDEN * noise(steady, seconds):
                rate = max(rate, sudden - 0.5 * noise(sudden, seconds))
        return rate

    def _backlog(self, signals: Measured, rate: float, mean_s: float, slack: float) -> int:
        coming = self._coming.expected(signals.at, signals.starting)
        waiting, workers = queued_ahead(
            signals.queued, rate, mean_s, signals.workers, coming, signals.at, signals.load_s
        )
        if waiting * mean_s / max(1, workers) <= slack:
            return 0
        return workers_for_backlog(waiting, rate, mean_s, self._options.objective_s)

    def _late(self, signals: Measured, service: ServiceTimes, slack: float) -> bool:
        """Whether requests are late now, or were a moment ago."""
        if signals.queued * service.mean_s / max(1, signals.workers) > LATE * slack:
            self._late_at = signals.at
        return signals.at - self._late_at < self._options.calm_s

    def _stepped(self, signals: Measured, wanted: int, reason: str, counts: dict[str, int], late: bool) -> Decision:
        """Not more in one step than is allowed, none taken away while requests are late, and within the bounds."""
        options = self._options
        there = signals.workers + signals.starting
        workers = wanted
        if wanted > there:
            workers = min(wanted, max(math.floor(options.growth * there), there + options.steps))
        elif wanted < there and late:
            workers, reason = there, "late"
        workers = max(options.min_workers, min(options.max_workers, workers))
        if workers > there:
            self._coming.asked_for(workers - there, signals.at + signals.load_s)
        return Decision(workers, wanted, reason, counts)


def _guess(objective_s: float) -> ServiceTimes:
    """Service times before there are any."""
    mean = objective_s / _OBJECTIVE_IN_SERVICES
    return ServiceTimes(mean, (mean,))
