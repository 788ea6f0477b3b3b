"""What ts_log.log says of a worker's turns: in words of our own, and beside them in TorchServe's, which people alert on.

In: what `keeper` knows of a worker. Out: log records. TorchServe's texts (wlm/WorkerThread) stand at the beginning of a message, as
there; what they leave to the thread's name follows. docs/migration.md lists them.
"""

import logging
import time
from collections.abc import Callable

from servescope.fleet.worker.work import Ending
from servescope.fleet.worker.worker import Worker

logger = logging.getLogger("servescope.fleet")

_STATES = {True: "WORKER_MODEL_LOADED", False: "WORKER_STARTED"}


class Journal:
    """Of one worker. `clock`: seconds since the epoch."""

    def __init__(self, worker: Worker, clock: Callable[[], float] = time.time) -> None:
        self._worker = worker
        self._clock = clock
        self._loaded = False
        self._recovering = False

    def ready(self) -> None:
        """It has loaded the model."""
        self._loaded = True
        logger.info("%s is ready, process %d", self._worker.name, self._worker.pid)
        logger.info("%s State change %s -> %s", self._worker.name, _STATES[False], _STATES[True])
        if self._recovering:
            self._recovering = False
            logger.info("Auto recovery succeeded, reset recoveryStartTS: %s", self._worker.name)

    def load_failed(self, model: str, text: str) -> None:
        """It has not."""
        logger.warning("Load model failed: %s, error: %s", model, text)

    def ended(self, ending: Ending) -> None:
        """Its process has, and nobody wanted it to."""
        name, state = self._worker.name, _STATES[self._loaded]
        if ending.reason == "timeout":
            logger.error("Backend worker did not respond in given time: %s: %s", name, ending.text)
        logger.warning("%s ended: %s", name, ending.text)
        logger.info("%d Worker disconnected. %s: %s", self._worker.number, state, name)
        logger.info("%s State change %s -> WORKER_STOPPED", name, state)
        self._loaded = False
        if self._recovering:
            logger.warning("Auto recovery failed again: %s", name)
        else:
            self._recovering = True
            logger.info("Auto recovery start timestamp: %d: %s", int(self._clock() * 1000), name)

    def retried(self, delay_s: float) -> None:
        """It is started again, after so many seconds."""
        logger.info("Retry worker: %d in %g seconds. (%s)", self._worker.number, delay_s, self._worker.name)

    def given_up(self, window_s: float, ending: Ending) -> None:
        """It is not started again."""
        logger.error("%s is given up after %g s of failures: %s", self._worker.name, window_s, ending.text)
