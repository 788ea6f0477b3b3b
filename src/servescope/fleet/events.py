"""What a pool tells whoever gives its workers their work. Called by `fleet.pool`."""

from typing import Protocol

from servescope.fleet.worker.worker import Worker


class PoolEvents(Protocol):
    """Who gives the workers their work; `serving.queue.dispatcher` is one."""

    def worker_free(self, worker: Worker) -> None:
        """It can take a batch now."""

    def workers_changed(self) -> None:
        """One died, gave up or was taken away: `Pool.can_serve` and `Pool.stranded` may have turned."""

    def batches_of_one(self) -> None:
        """The workers serve a language model, which takes no more than one request in a batch."""
