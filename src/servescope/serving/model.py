"""A registered model version: its archive, its options, and the parts that serve it. Made by `serving.lifecycle`."""

from dataclasses import dataclass, replace

from servescope.archive.reader import Archive
from servescope.config.model.options import ModelOptions
from servescope.fleet.pool import Pool
from servescope.metrics.recording.recorder import ModelRecorder
from servescope.serving.dispatcher import Dispatcher


@dataclass(eq=False)
class Model:
    """One version of a model. `options` changes only in its worker counts, by scaling.

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

    def want(self, minimum: int, maximum: int) -> None:
        """Remember how many workers were asked for."""
        self.options = replace(self.options, min_workers=minimum, max_workers=maximum)

    @property
    def in_flight(self) -> int:
        """Requests that it has accepted and not answered."""
        return len(self.dispatcher) + self.dispatcher.in_hand

    @property
    def healthy(self) -> bool:
        """Whether it has as many living workers as it was promised."""
        return self.pool.healthy >= self.options.min_workers
