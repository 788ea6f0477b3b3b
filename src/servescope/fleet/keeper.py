"""Keeps a worker alive: starts it, waits for its end, and again by the retry schedule, until it is retired or given up.

In: a worker of a pool. Out: its lives, told to the records and the loads. Held by `fleet.pool`.
"""

import asyncio
import logging
from collections.abc import Callable

from msgspec import Struct

from servescope.fleet.journal import Journal
from servescope.fleet.loads import Loads
from servescope.fleet.records import WorkerRecords
from servescope.fleet.retry import RetrySchedule
from servescope.fleet.worker.work import Ending, WorkerState
from servescope.fleet.worker.worker import Worker
from servescope.wire.messages import Loaded

logger = logging.getLogger("servescope.fleet")


class PoolOptions(Struct, frozen=True):
    """Seconds: a batch's time, a load's time, how long a dying worker is tried again, and how long one that is retired may take for
    what it has in hand.
    """

    response_timeout_s: float
    startup_timeout_s: float
    retry_window_s: float
    retirement_s: float


class Keeper:
    """Of the workers of one pool."""

    def __init__(self, options: PoolOptions, records: WorkerRecords, loads: Loads) -> None:
        self._options = options
        self._records = records
        self._loads = loads

    async def keep(self, worker: Worker, changed: Callable[[], None]) -> None:
        """Until it is retired or given up. `changed` is called when it has failed, and is to be tried again."""
        schedule, journal = RetrySchedule(self._options.retry_window_s), Journal(worker)
        try:
            while not worker.retiring:
                ending = await self._live(worker, schedule, journal)
                if worker.retiring or not await self._wait_to_retry(worker, schedule, journal, ending, changed):
                    break
        except Exception as error:
            logger.exception("%s is given up", worker.name)
            self._give_up(worker, error)

    def _give_up(self, worker: Worker, error: Exception) -> None:
        """After an error that no life of a worker should bring: nobody may be left waiting for it."""
        worker.state = WorkerState.GAVE_UP
        text = f"{type(error).__name__}: {error}"
        self._records.ended(worker, text)
        self._loads.ended(worker, Loaded(500, text, False))
        worker.kill()  # last: it may be what fails

    async def _live(self, worker: Worker, schedule: RetrySchedule, journal: Journal) -> Ending:
        loop = asyncio.get_running_loop()
        began = loop.time()
        loaded = await worker.start(self._options.startup_timeout_s)
        if loaded.code == 200:
            schedule.loaded()
            self._records.loaded(worker, loop.time() - began - worker.life.waited_s)
            journal.ready()
        elif not worker.retiring:
            journal.load_failed(worker.model_name, loaded.message)
        self._loads.ended(worker, loaded)
        ending = await worker.end()
        self._records.ended(worker, "" if worker.retiring else loaded.reason or ending.text)
        if not worker.retiring:
            journal.ended(ending)
        return ending

    async def _wait_to_retry(
        self,
        worker: Worker,
        schedule: RetrySchedule,
        journal: Journal,
        ending: Ending,
        changed: Callable[[], None],
    ) -> bool:
        """Sleep until the next try. False: it is given up."""
        worker.state = WorkerState.FAILED
        delay = schedule.failed(asyncio.get_running_loop().time())
        if delay is None:
            worker.state = WorkerState.GAVE_UP
            journal.given_up(schedule.window_s, ending)
            return False
        pause = self._loads.pause(worker, delay)
        journal.retried(delay)
        changed()
        await pause
        ending.tell_reason(self._records.restarted)
        return True
