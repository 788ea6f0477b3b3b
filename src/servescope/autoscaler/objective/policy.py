"""How many workers a model version wants now, and why.

In: signals and options; what it remembers is its own. Out: a `Verdict`. Called once a tick, by the loop and by the
simulator. The largest of these counts is wanted:

- `rate`: for the rate that a worker which is started now will meet, `trend`: if it goes on rising, `bursts`: for more than chance
  makes of it;
- `sure`: of those that are there, as many as the rate could need: fewer only where that is beyond doubt;
- `kept`: what was needed of late, for a time that is learnt;
- `backlog`: for what will wait when a worker that is started now has loaded, `loading`: of those that load for one, as many as it
  is worth, and `queue`: of those that are there, as many as keep what waits now from being late.
"""

from typing import NamedTuple

from servescope.autoscaler.objective.arrivals import Arrivals
from servescope.autoscaler.objective.backlog import Coming, Queue
from servescope.autoscaler.objective.bursts import workers_for_bursts
from servescope.autoscaler.objective.holds import Holds
from servescope.autoscaler.objective.judgement import Judgement
from servescope.autoscaler.objective.outlook import USUAL_S, Outlook, outlook
from servescope.autoscaler.objective.regime import Regime
from servescope.autoscaler.objective.staffing import workers_for
from servescope.autoscaler.options import PolicyOptions
from servescope.autoscaler.signals import Measured, ServiceTimes

# Before anything was served: the objective is taken for so many service times.
_OBJECTIVE_IN_SERVICES = 5.0
# Of what a request may take, its work, which may be so much more than usual, is not left to wait.
_TYPICAL_TAIL = 1.6
_LEAST_SLACK = 0.1
# Standard deviations of the rate: workers are added for a rate so much higher, and taken away only below one so much higher.
_ADDED_FOR = 1.0
_KEPT_FOR = 3.0
_PATIENT = ("rate", "kept")


class Verdict(NamedTuple):
    """`wanted`: how many there should be, whatever bounds and steps allow. `reason`: which of the counts decided it; `counts`
    are all of them.
    """

    wanted: int
    reason: str
    counts: dict[str, int]

    @property
    def patient(self) -> bool:
        """Whether it can wait until it asks for more than a little: what it is for has not happened."""
        return self.reason in _PATIENT


class Policy:
    """One model version's."""

    def __init__(self, options: PolicyOptions) -> None:
        self._options = options
        self._arrivals = Arrivals(USUAL_S)
        self._regime = Regime(self._arrivals)
        self._judgement = Judgement(options.judged_s, options.target)
        self._holds = Holds(options.longest_hold_s)
        self._coming = Coming()
        self._arrived = 0.0

    def aim(self, options: PolicyOptions) -> None:
        """Other bounds, or another objective, from now on. What it remembers stays."""
        self._options = options

    def decide(self, signals: Measured) -> Verdict:
        """What to have from now on."""
        options = self._options
        self._note(signals)
        self._regime.look(signals.at)
        service = signals.service or _guess(options.objective_s)
        slack = max(_LEAST_SLACK * options.objective_s, options.objective_s - _TYPICAL_TAIL * service.mean_s)
        ahead = outlook(self._arrivals, self._regime, signals.load_s, slack, options.most_ahead)
        counts = self._needed(signals, ahead, service, slack)
        needed = max(1, min(options.max_workers, max(counts.values())))
        counts["kept"] = self._kept(signals, needed, service.mean_s)
        counts |= self._for_queue(signals, ahead.passing, service.mean_s, slack)
        reason = max(counts, key=lambda name: (counts[name], name != "kept"))
        return Verdict(max(1, counts[reason]), reason, counts)

    def _note(self, signals: Measured) -> None:
        """Those that wait at the very beginning came a moment ago."""
        if self._arrivals.empty:
            self._arrivals.note(signals.at - 1.0, signals.arrived - signals.queued)
            self._regime.look(signals.at - 1.0)
        self._arrivals.note(signals.at, signals.arrived)

    def _needed(self, signals: Measured, ahead: Outlook, service: ServiceTimes, slack: float) -> dict[str, int]:
        options = self._options

        def staffed(rate: float) -> int:
            return workers_for(rate, service, options.objective_s, options.target, options.price)

        there = signals.workers + signals.starting
        rate = staffed(ahead.lasting + _ADDED_FOR * ahead.error)
        return {
            "rate": rate,
            "trend": staffed(ahead.rising + _ADDED_FOR * ahead.error) if ahead.rising else 0,
            "bursts": workers_for_bursts(self._arrivals, ahead.passing, service.mean_s, slack),
            "sure": there if rate >= there else min(there, staffed(ahead.lasting + _KEPT_FOR * ahead.error)),
        }

    def _kept(self, signals: Measured, needed: int, mean_s: float) -> int:
        options = self._options
        came, self._arrived = max(0.0, signals.arrived - self._arrived), signals.arrived
        price = options.price * mean_s * (1.0 + options.insurance * self._judgement.missed(signals))
        return self._holds.keep(signals.at, needed, came, signals.load_s, price)

    def _for_queue(self, signals: Measured, rate: float, mean_s: float, slack: float) -> dict[str, int]:
        there = signals.workers + signals.starting
        queue = Queue(
            queued=signals.queued,
            workers=signals.workers,
            coming=self._coming.expected(signals.at, signals.starting, signals.load_s),
            now=signals.at,
            rate=rate,
            mean_s=mean_s,
            slack_s=slack,
            objective_s=self._options.objective_s,
            load_s=signals.load_s,
            price=self._options.price,
        )
        return {
            "backlog": queue.foreseen(),
            "loading": min(there, queue.loading()),
            "queue": min(there, queue.waiting()),
        }


def _guess(objective_s: float) -> ServiceTimes:
    """Service times before there are any."""
    mean = objective_s / _OBJECTIVE_IN_SERVICES
    return ServiceTimes(mean, (mean,))
