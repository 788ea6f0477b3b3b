"""All the counts but the policy's, of one model version: in, signals of which some may be missing; out, a count for each that can
be told.
"""

import math
from collections.abc import Sequence

from servescope.autoscaler.counts import target as learnt
from servescope.autoscaler.counts.concurrency import Concurrency
from servescope.autoscaler.counts.engines import KvCache, Waiting
from servescope.autoscaler.counts.gpus import Gpus
from servescope.autoscaler.counts.windows import Highest
from servescope.autoscaler.options import PolicyOptions
from servescope.autoscaler.signals import ServiceTimes, Signals

_LEARNT_EVERY = 60  # samples


class Counts:
    """What was learnt of the target outlives the windows: see `forget`."""

    def __init__(self, options: PolicyOptions) -> None:
        self._options = options
        self._crowd = learnt.Crowd()
        self._learnt: float | None = None
        self._learnt_for = 0
        self._samples = 0
        self.forget()

    def forget(self) -> None:
        """Throw the windows away."""
        options = self._options
        self._concurrency = Concurrency(options.window_s, options.panic_s)
        self._caches = KvCache(options.panic_s, options.kv_high, options.kv_low)
        self._waiting = Waiting(options.panic_s)
        self._gpus = Gpus(options.window_s, options.gpu_target or 1.0, options.tolerance)
        self._highest = Highest(options.lookback_s)

    @property
    def target(self) -> float | None:
        """How many requests a worker shall have, given or learnt."""
        return self._options.target_per_worker or self._learnt

    @property
    def concurrent(self) -> float:
        """How many requests there were on average."""
        return self._concurrency.mean

    @property
    def panicking(self) -> bool:
        """Whether there are far more requests than workers shall have, or were a moment ago."""
        return self._concurrency.panicking

    def take(self, signals: Signals, objective_s: float) -> tuple[dict[str, int], int]:
        """What each signal asks for, by its name, and the most that those without a memory of their own asked for of late."""
        at, there = signals.at, signals.workers
        counts: dict[str, int] = {}
        caches, gpus = known(signals.kv_cache), known(signals.gpu)
        concurrent = self._concurrent(signals, objective_s)
        if concurrent is not None:
            counts["concurrency"] = concurrent
        if caches and signals.kv_cache:
            counts["kv_cache"] = self._caches.replicas(at, caches, len(signals.kv_cache))
        if signals.waiting is not None and signals.kv_cache != () and there:
            counts["waiting"] = self._waiting.replicas(at, signals.waiting, signals.in_flight, there)
        if gpus and there and self._options.gpu_target is not None:
            counts["gpu"] = self._gpus.workers(at, gpus, there)
        # What is learnt comes from what the policy goes by, which remembers it.
        learns = self._options.target_per_worker is None and signals.service is not None and objective_s > 0
        remembered = [count for name, count in counts.items() if not learns or name != "concurrency"]
        return counts, self._highest.over(at, max(remembered, default=0))

    def _concurrent(self, signals: Signals, objective_s: float) -> int | None:
        """The count by concurrency; None: it cannot be told."""
        if signals.in_flight is None and signals.queued is None:
            return None
        options, service, concurrency = self._options, signals.service, self._concurrency
        concurrency.note(signals.at, (signals.in_flight or 0) + (signals.queued or 0))
        if options.target_per_worker is not None:
            return concurrency.workers(options.target_per_worker, signals.workers)
        if options.at_once is None:
            return self._crowded(signals, objective_s)
        if service is None or objective_s <= 0:
            guessed = signals.arrived is not None and objective_s > 0  # by the policy, from these
            return None if guessed else math.ceil(concurrency.mean / (learnt.ASSUMED * options.at_once))
        if not concurrency.full:
            return None
        self._learn(max(1, signals.workers), service, objective_s)
        return math.ceil(concurrency.mean / self._learnt) if self._learnt else None

    def _learn(self, workers: int, service: ServiceTimes, objective_s: float) -> None:
        """What each of so many workers can have. It changes slowly: learnt anew now and then."""
        self._samples += 1
        if workers != self._learnt_for or self._samples % _LEARNT_EVERY == 0:
            self._learnt_for = workers
            self._learnt = learnt.bearable(workers, service, objective_s, self._options.target)

    def _crowded(self, signals: Signals, objective_s: float) -> int | None:
        """Of workers that take as many as come."""
        service, in_flight, workers = signals.service, signals.in_flight, signals.workers
        if service is not None and objective_s > 0:
            if in_flight and workers:
                self._crowd.note(in_flight / workers, service.mean_s)
            self._learnt = self._crowd.target(objective_s, learnt.tail(service, self._options.target))
        return math.ceil(self._concurrency.mean / self._learnt) if self._learnt is not None else None

    def share(self, service: ServiceTimes | None) -> ServiceTimes | None:
        """A request's share of a worker's time, where workers take as many as come: `target` of them share it."""
        if service is None or self._options.at_once is not None:
            return service
        together = max(1.0, self.target or 1.0)
        return ServiceTimes(service.mean_s / together, service.quantiles_s, together)


def known(shares: Sequence[float | None] | None) -> list[float]:
    """Those that are not missing."""
    return [share for share in shares or () if share is not None]
