"""The queue of a model with useJobTicket: a request finds a worker that is free for it, or is refused; none waits for one.

TorchServe's `useJobTicket`: a ticket for each worker that waits for work.
"""

from servescope.fleet.worker.worker import Worker
from servescope.serving.queue.dispatcher import Dispatcher
from servescope.serving.queue.job import Job
from servescope.serving.queue.kinds.continuous import ContinuousDispatcher


class TicketDispatcher(Dispatcher):
    """With workers that have one batch at a time, or any number of requests."""

    def submit(self, job: Job) -> None:
        """See `JobQueue`.

        Raises:
            ServiceUnavailable: no worker is free, as far as other requests have not got it already.
        """
        if self._pool.admits and len(self._queue) >= sum(map(_tickets, self._pool)):
            raise self.gate.no_ticket(job)
        super().submit(job)


class ContinuousTicketDispatcher(TicketDispatcher, ContinuousDispatcher):
    """With workers that keep a running batch: a ticket for each row that is free."""


def _tickets(worker: Worker) -> int:
    """How many requests it can take now."""
    if not worker.has_room:
        return 0
    return worker.pace.most - len(worker.in_flight) if worker.concurrent else int(not worker.in_flight)
