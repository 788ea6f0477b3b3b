"""A model version in virtual time that a scaler looks after: what tests of the autoscaler share."""

from servescope.autoscaler.options import PolicyOptions
from servescope.autoscaler.scaler import Scaler
from servescope.autoscaler.signals import ServiceTimes, Signals

FAST = ServiceTimes(0.1, (0.08, 0.1, 0.12))


class ScaledModel:
    """A second at a time; workers are there as soon as they are decided on, unless `applies` is false."""

    def __init__(self, workers=1, **options):
        self.scaler = Scaler(PolicyOptions(**{"objective_s": 0.5, "max_workers": 50} | options))
        self.at, self.arrived, self.workers = 1000.0, 0.0, workers
        self.applies = True

    def signals(self, rate=0.0, **told):
        """The next second's."""
        self.at += 1.0
        self.arrived += rate
        known = {
            "at": self.at,
            "arrived": self.arrived,
            "finished": self.arrived,
            "late": 0.0,
            "queued": 0,
            "workers": self.workers,
            "starting": 0,
            "service": FAST,
            "load_s": 1.0,
            "in_flight": round(rate * FAST.mean_s),
        }
        return Signals(**known | told)

    def second(self, rate=0.0, **told):
        """The decision of the next second, which is applied."""
        decision = self.scaler.decide(self.signals(rate, **told))
        if self.applies:
            self.workers = decision.workers
        return decision

    def seconds(self, count, rate=0.0, **told):
        """The decisions of so many."""
        return [self.second(rate, **told) for _ in range(count)]
