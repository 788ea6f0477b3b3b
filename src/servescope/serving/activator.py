"""What wakes a model that sleeps: in, requests that find it without workers; out, workers that start at once, and for each request
whether it may wait for them.

One a model version (`serving.queue.gate.Activation`), made at its registration. It is asked only while the model has no worker that
has loaded: a request to one that is awake does not come here. Each call is one step on the loop's thread, and so is what sends
models to sleep (`serving.counts.adjust`): a request finds a worker that goes on, or none at all.
"""

import asyncio
import logging
from math import ceil

from servescope.errors import ServiceUnavailable
from servescope.serving.model import Model
from servescope.serving.refusals import asleep, not_waking, overslept

logger = logging.getLogger("servescope.serving")


class Activator:
    """See the module."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def concerned(self) -> bool:
        """See `Activation`."""
        return self._model.asleep or self._model.pool.waking

    def requested(self) -> ServiceUnavailable | None:
        """See `Activation`."""
        pool = self._model.pool
        if not pool.waking:
            self._wake()
        if pool.stranded:
            return self.failure()
        left, patience = self._load_s_left(), self._patience_s()
        if left <= patience:
            return None
        return asleep(self._model.name, max(1, ceil(left)), patience)

    def overdue(self) -> ServiceUnavailable:
        """See `Activation`. When the load is over nobody knows, where it takes longer than any before."""
        return overslept(self._model.name, max(1, ceil(self._load_s_left())), self._patience_s())

    def failure(self) -> ServiceUnavailable:
        """See `Activation`. It is tried again by the retry schedule of workers."""
        loads = self._model.pool.loads
        seconds = max(1, ceil(loads.again_s))
        return not_waking(self._model.name, loads.failure, seconds)

    def _wake(self) -> None:
        model = self._model
        added = model.wake()
        text = "Model %s version %s wakes: a request came; %d workers start, which takes about %.3g s"
        logger.info(text, model.name, model.version, len(added), self._load_s())

    def _load_s(self) -> float:
        """How long a load takes: as long as nine of ten did, or while there was none, as long as one may."""
        measured = self._model.recorder.slow_load_s
        return float(self._model.options.startup_timeout_s) if measured is None else measured

    def _load_s_left(self) -> float:
        """Of the load that is under way; of one that is tried again nobody knows since when."""
        pool = self._model.pool
        if pool.waking_since is None or pool.loads.any_over:
            return self._load_s()
        return self._load_s() - (asyncio.get_running_loop().time() - pool.waking_since)

    def _patience_s(self) -> float:
        """How long a request waits: its client's deadline, or where there is none, as long as an answer may take."""
        options = self._model.options
        return options.client_timeout_ms / 1000 if options.client_timeout_ms > 0 else float(options.response_timeout_s)
