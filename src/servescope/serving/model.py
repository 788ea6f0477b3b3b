"""A registered model version: its archive, its options, and the parts that serve it. Made by `serving.lifecycle`."""

import time
from dataclasses import dataclass, field, replace

from servescope.archive.reader import Archive
from servescope.config.model.options import ModelOptions
from servescope.fleet.pool import Pool
from servescope.metrics.recording.recorder import ModelRecorder
from servescope.serving.queue.dispatcher import Dispatcher


@dataclass(eq=False)
class Model:
    """One version of a model. `options` changes only in its worker counts and in who decides on them, by scaling. How many workers
    it shall have now is the pool's length, which those counts bound.

    `held_since`: when, on the monotonic clock, somebody last moved a bound of a model that is autoscaled, whose count stays until
    its load moves; None: nobody has since the mode is what it is.
    `leaves_by`: it is unregistered, and what it has in hand is ended at this time of the monotonic clock.
    """

    name: str
    version: str
    runtime: str
    archive: Archive
    options: ModelOptions
    pool: Pool
    dispatcher: Dispatcher
    recorder: ModelRecorder
    loaded_at_startup: bool
    leaves_by: float | None = None
    held_since: float | None = None
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
        if not maximum:
            self.pool.loads.emptied()
        self.options = replace(self.options, min_workers=minimum, max_workers=maximum)

    @property
    def in_flight(self) -> int:
        """Requests that it has accepted and not answered."""
        return len(self.dispatcher) + self.dispatcher.in_hand

    @property
    def healthy(self) -> bool:
        """Whether it has as many living workers as it was promised."""
        return self.pool.healthy >= self.options.min_workers

    @property
    def established(self) -> bool:
        """Whether it has had as many workers at work at once as it was promised: since then, or when it was promised others."""
        return self._established or self.pool.loads.most >= self.options.min_workers

    @property
    def at_work(self) -> int:
        """Workers that have loaded it and serve."""
        return sum(worker.at_work for worker in self.pool)

    @property
    def ready(self) -> bool:
        """Whether it can be asked: it came up whole once, and a worker is at work now, if not all of them."""
        return self.established and self.at_work > 0

    @property
    def lacking(self) -> bool:
        """Whether it is not what a server is there for that was asked for it: it has not come up, or has lost its last worker.

        One that was scaled to no workers lacks none; nor while those load, for the first time, that it is given later.
        """
        if self.ready or not len(self.pool):
            return False
        return not self.established or self.pool.loads.any_over
