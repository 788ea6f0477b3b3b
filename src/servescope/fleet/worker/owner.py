"""Who hears of a worker's turns. Called by `fleet.worker.worker`; `fleet.pool` is one."""

from typing import Protocol, TypeVar

from servescope.fleet.launch import HandlerMetrics
from servescope.wire.messages import EngineStats, Loaded, Stepped

W = TypeVar("W", contravariant=True)


class WorkerOwner(Protocol[W]):
    """Who hears of a worker's turns."""

    def worker_placing(self, worker: W) -> None:
        """It waits for a place to run at, or does so no longer: `worker.life.waits_for`."""

    def worker_launched(self, worker: W) -> None:
        """It has a process, which loads now."""

    def worker_loaded(self, worker: W, loaded: Loaded) -> None:
        """It has loaded the model, and is free next."""

    def worker_told(self, worker: W, message: EngineStats | Stepped) -> None:
        """Its language model's engine says how it is, or its running batch has had a step."""

    def worker_offers(self, worker: W, source: HandlerMetrics) -> None:
        """Its handler's own metrics can be had from this, until it ends; see `WorkerEvents`."""

    def worker_free(self, worker: W) -> None:
        """It can take work: it has loaded, or finished what it had."""

    def worker_said(self, worker: W, stream: str, line: str) -> None:
        """It wrote a line to its stdout or stderr."""
