"""A registered model version: its archive, its options, and the parts that serve it. Made by `serving.lifecycle`."""

import time
from dataclasses import dataclass, field, replace

from servescope.archive.reader import Archive
from servescope.config.model.autoscale import Mode
from servescope.config.model.options import ModelOptions
from servescope.fleet.pool import Pool
from servescope.fleet.worker.work import WorkerState
from servescope.fleet.worker.worker import Worker
from servescope.metrics.recording.recorder import ModelRecorder
from servescope.serving.failures import Failures
from servescope.serving.queue.job_queue import JobQueue


@dataclass(eq=False)
class Model:
    """One version of a model. `options` changes only in its worker counts and in who decides on them, by scaling. How many workers
    it shall have now is the pool's length, which those counts bound.

    `held_since`: when, on the monotonic clock, somebody last moved a bound of a model that is autoscaled, whose count stays until
    its load moves; None: nobody has since the mode is what it is. `woken`: a request has woken it since the autoscaler looked last.
    `failures`: of its last requests. `workflow`: whose node it is, "" otherwise. `leaves_by`: it is unregistered, and what it has
    in hand is ended at this time of the monotonic clock.
    """

    name: str
    version: str
    runtime: str
    archive: Archive
    options: ModelOptions
    pool: Pool
    dispatcher: JobQueue
    recorder: ModelRecorder
    loaded_at_startup: bool
    workflow: str = ""
    leaves_by: float | None = None
    held_since: float | None = None
    woken: bool = False
    failures: Failures = field(default_factory=Failures)
    _established: bool = field(default=False, init=False)
    _told: set[str] = field(default_factory=set, init=False)

    def is_news(self, topic: str) -> bool:
        """Whether this is said of it for the first time: what each request would say again is said once."""
        if topic in self._told:
            return False
        self._told.add(topic)
        return True

    def want(self, minimum: int, maximum: int, *, held: bool = False) -> None:
        """Remember how many workers were asked for."""
        if held:
            self.held_since = time.monotonic()
        self._established = self.established
        self.options = replace(self.options, min_workers=minimum, max_workers=maximum)

    def wake(self) -> list[Worker]:
        """A request came for it, and it is asleep: the workers that start now."""
        self.woken = self._established = True
        return self.pool.wake(max(1, self.options.min_workers))

    @property
    def in_flight(self) -> int:
        """Requests that it has accepted and not answered."""
        return len(self.dispatcher) + self.dispatcher.in_hand

    @property
    def asleep(self) -> bool:
        """Whether it has no workers because nobody asked it for long: a request wakes it. One that somebody scaled to none, so that
        it may have none at all, does not sleep.
        """
        options = self.options
        scaled = options.autoscale.mode is Mode.ACT and options.autoscale.to_zero_after_s is not None
        return scaled and options.max_workers > 0 and not len(self.pool) and self.leaves_by is None

    @property
    def waking(self) -> bool:
        """Whether it was asleep, and its workers load for the first time since."""
        return self.pool.waking and not self.pool.loads.any_over

    @property
    def healthy(self) -> bool:
        """Whether it has as many living workers as it was promised; asleep it needs none."""
        return self.asleep or self.pool.healthy >= self.options.min_workers

    @property
    def established(self) -> bool:
        """Whether it has had as many workers at work at once as it was promised: since then, or when it was promised others. One
        that a request has woken may do with fewer.
        """
        return self._established or self.pool.loads.most >= self.options.min_workers

    @property
    def at_work(self) -> int:
        """Workers that have loaded it and serve."""
        return sum(worker.at_work for worker in self.pool)

    @property
    def ready(self) -> bool:
        """Whether it can be asked: it came up whole once, and a worker is at work now, if not all of them; or it sleeps, or wakes,
        and whoever asks waits.
        """
        return (self.established and self.at_work > 0) or self.asleep or self.waking

    @property
    def lacking(self) -> bool:
        """Whether it is not what a server is there for that was asked for it: it has not come up, or has lost its last worker.

        One that was scaled to no workers lacks none; nor while those load, for the first time, that it is given later.
        """
        if self.ready or not len(self.pool):
            return False
        return not self.established or self.pool.loads.any_over

    def worker_states(self) -> dict[str, int]:
        """How many workers are in each state. Those that a request would start are asleep, and those that one has started wake."""
        states = self.pool.states()
        if self.asleep:
            states["asleep"] = max(1, self.options.min_workers)
        elif self.waking:
            states["waking"] = states[WorkerState.STARTING]
            states[WorkerState.STARTING] = 0
        return states
