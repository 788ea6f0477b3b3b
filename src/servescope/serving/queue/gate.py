"""Who may not queue, and what they are told: in, a request for which there is no worker, or no room; out, its refusal, counted.

Made and asked by `serving.queue.dispatcher`, which knows the queue; `serving.activator` says what a model that sleeps does about
requests. How fast the model works is noted here, for the time when to come back.
"""

import time
from collections.abc import Callable, Collection
from typing import Protocol

from servescope.errors import RequestTimeout, ServescopeError, ServiceUnavailable
from servescope.fleet.pool import Pool
from servescope.metrics.recording.recorder import ModelRecorder
from servescope.serving.queue.batch import DispatchedBatch
from servescope.serving.queue.job import Job
from servescope.serving.queue.queueing import QueueOptions
from servescope.serving.queue.service_time import ServiceTime
from servescope.serving.refusals import (
    no_ticket,
    no_worker,
    queue_full,
    sequence_full,
    sequence_over,
    too_many_sequences,
)

Refusal = Callable[[], ServiceUnavailable]


class Activation(Protocol):
    """What is done about requests for a model that has no workers, as nobody asked it for long."""

    @property
    def concerned(self) -> bool:
        """Whether it is such a model: asleep, or waking."""

    def requested(self) -> ServiceUnavailable | None:
        """A request came: its workers are started, unless they have been. Why it cannot wait for them; None: it may."""

    def overdue(self) -> ServiceUnavailable:
        """They still load when a request that waits for them has waited as long as it may."""

    def failure(self) -> ServiceUnavailable:
        """They do not load."""


class Gate:
    """Of one model version. `activation` None: it never sleeps."""

    def __init__(self, name: str, options: QueueOptions, pool: Pool, recorder: ModelRecorder) -> None:
        self.activation: Activation | None = None
        self._name = name
        self._options = options
        self._pool = pool
        self._recorder = recorder
        self.service = ServiceTime()
        self._closed: Refusal | None = None

    def close(self, refusal: Refusal) -> None:
        """The workers are about to go for good: from now on whoever has none is told so; the first time counts."""
        self._closed = self._closed or refusal
        self.activation = None  # they hold each other, and would be left to the garbage collector

    def enter(self, job: Job) -> None:
        """One came that nobody can take now.

        Raises:
            ServiceUnavailable: there is nobody to wait for, or not in time.
        """
        if self.activation is None or not self.activation.concerned:
            raise self._no_worker(job)
        refusal = self.activation.requested()
        if refusal is not None:
            raise self._counted(refusal)

    def queue_full(
        self, job: Job, waiting: int, in_hand: int, batches: Collection[DispatchedBatch]
    ) -> ServiceUnavailable:
        """As many wait as may, and workers have `in_hand` requests, in `batches`."""
        now = time.monotonic()
        unfinished_s = now - min((batch.times.formed for batch in batches), default=now)
        seconds = self.service.until_served(waiting, in_hand, unfinished_s)
        return self._counted(queue_full(self._name, job.asked_version, self._options.capacity, seconds))

    def no_ticket(self, job: Job) -> ServiceUnavailable:
        """No worker is free, and none is to be waited for."""
        return self._counted(no_ticket(self._name, job.asked_version))

    def sequence_full(self, job: Job, limit: int) -> ServiceUnavailable:
        """As many requests of its sequence wait as may."""
        return self._counted(sequence_full(self._name, job.asked_version, limit))

    def too_many_sequences(self, job: Job, limit: int) -> ServiceUnavailable:
        """It would begin a sequence, and as many are open as may be."""
        return self._counted(too_many_sequences(self._name, job.asked_version, limit))

    def sequence_over(self, job: Job, sequence: str, reason: str) -> ServiceUnavailable:
        """Its sequence has ended, and it was to go on with it."""
        return self._counted(sequence_over(self._name, job.asked_version, sequence, reason))

    def abandoned(self, job: Job) -> ServiceUnavailable:
        """One had waited for a worker, and there is none to wait for any more."""
        if self.activation is None or not self._pool.stranded:
            return self._no_worker(job)
        return self._counted(self.activation.failure())

    def expired(self, job: Job) -> ServescopeError:
        """One has waited as long as its client does: for a worker that loads, which is worth asking again, or for an answer."""
        if job.work is None and self.activation is not None and self.activation.concerned:
            return self._counted(self.activation.overdue())
        self._recorder.rejected("deadline")
        return RequestTimeout(f"No answer within clientTimeoutInMills ({self._options.client_timeout_ms} ms).")

    def _no_worker(self, job: Job) -> ServiceUnavailable:
        return self._counted(no_worker(self._name, job.asked_version) if self._closed is None else self._closed())

    def _counted(self, error: ServiceUnavailable) -> ServiceUnavailable:
        self._recorder.rejected(error.why)
        return error
