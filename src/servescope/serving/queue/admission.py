"""Whoever is not let into a queue, and what they are told: a job in, the error for its client out, counted.

Made and asked by `dispatcher`, which knows the queue. How fast the model works is noted here, for the time when to come back.
"""

import time
from collections.abc import Callable, Collection

from servescope.errors import ServiceUnavailable
from servescope.metrics.recording.recorder import ModelRecorder
from servescope.serving.queue.batch import DispatchedBatch
from servescope.serving.queue.job import Job
from servescope.serving.queue.service_time import ServiceTime
from servescope.serving.refusals import no_worker, queue_full

Refusal = Callable[[], ServiceUnavailable]


class Admission:
    """The refusals of one model version, whose `recorder` counts them."""

    def __init__(self, name: str, capacity: int, recorder: ModelRecorder) -> None:
        self._name = name
        self._capacity = capacity
        self._recorder = recorder
        self._service = ServiceTime()
        self._closed: Refusal | None = None

    def close(self, refusal: Refusal) -> None:
        """From now on whoever has no worker is told so; the first time counts."""
        self._closed = self._closed or refusal

    def answered(self, batch: DispatchedBatch) -> None:
        """A batch is over; one without an answer tells nothing of how long it takes."""
        if batch.times.received:
            self._service.took(batch.times.received - batch.times.formed)

    def no_worker(self, job: Job) -> ServiceUnavailable:
        """Nobody is there to wait for."""
        error = no_worker(self._name, job.asked_version) if self._closed is None else self._closed()
        self._recorder.rejected(error.why)
        return error

    def queue_full(
        self, job: Job, waiting: int, in_hand: int, batches: Collection[DispatchedBatch]
    ) -> ServiceUnavailable:
        """As many wait as may, and workers have `in_hand` requests, in `batches`."""
        now = time.monotonic()
        unfinished_s = now - min((batch.times.formed for batch in batches), default=now)
        seconds = self._service.until_served(waiting, in_hand, unfinished_s)
        self._recorder.rejected("queue_full")
        return queue_full(self._name, job.asked_version, self._capacity, seconds)
