"""Who may not queue, and what they are told: in, a request for which there is no worker, or no room; out, its refusal, counted.

Asked by `serving.queue.dispatcher` where a pool does not admit whoever comes; `serving.activator` says what a model that sleeps
does about them.
"""

from typing import Protocol

from servescope.errors import ServiceUnavailable
from servescope.fleet.pool import Pool
from servescope.metrics.recording.recorder import ModelRecorder
from servescope.serving.queue.job import Job
from servescope.serving.refusals import no_worker_text


class Activation(Protocol):
    """What is done about requests for a model that has no workers, as nobody asked it for long."""

    @property
    def concerned(self) -> bool:
        """Whether it is such a model: asleep, or waking."""

    def requested(self) -> ServiceUnavailable | None:
        """A request came: its workers are started, unless they have been. Why it cannot wait for them; None: it may."""

    def failure(self) -> ServiceUnavailable:
        """They do not load."""


class Gate:
    """Of one model version. `activation` None: it never sleeps."""

    def __init__(self, name: str, pool: Pool, recorder: ModelRecorder) -> None:
        self.activation: Activation | None = None
        self._name = name
        self._pool = pool
        self._recorder = recorder
        self._closed: tuple[str, str] | None = None

    def close(self, text: str, why: str) -> None:
        """The workers are about to go for good; whoever is left without one is told so in these words."""
        self._closed = self._closed or (text, why)
        self.activation = None  # they hold each other, and would be left to the garbage collector

    def enter(self, job: Job) -> None:
        """One came that nobody can take now.

        Raises:
            ServiceUnavailable: there is nobody to wait for, or not in time.
        """
        if self.activation is None or not self.activation.concerned:
            raise self.refusal(job, "no_worker")
        refusal = self.activation.requested()
        if refusal is not None:
            self._recorder.rejected(refusal.why)
            raise refusal

    def refusal(self, job: Job, why: str) -> ServiceUnavailable:
        """One is refused: TorchServe's text, or that of `close`."""
        text = no_worker_text(self._name, None if job.label == "default" else job.label)
        if why == "no_worker" and self._closed is not None:
            text, why = self._closed
        self._recorder.rejected(why)
        return ServiceUnavailable(text, why=why)

    def abandoned(self, job: Job) -> ServiceUnavailable:
        """One had waited for a worker, and there is none to wait for any more."""
        if self.activation is None or not self._pool.stranded:
            return self.refusal(job, "no_worker")
        failure = self.activation.failure()
        self._recorder.rejected(failure.why)
        return failure
