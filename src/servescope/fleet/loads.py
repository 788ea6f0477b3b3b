"""A pool's tries to load its model: how they ended, who waits for a worker's next one, and the pauses between them.

Held by `fleet.pool`; read by `serving`, for whoever waits for a model.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from servescope.errors import last_line
from servescope.fleet.worker.work import WorkerState
from servescope.fleet.worker.worker import Worker
from servescope.wire.messages import Loaded

WAITS = 202  # in place of a load's code: it has no place to run at yet
TAKEN_AWAY = Loaded(500, "the worker was taken away", False)


def reason_of(loaded: Loaded) -> str:
    """Why a load failed, in a line."""
    return last_line(loaded.reason or loaded.message)


class Loads:
    """`succeeded`: whether any worker, in any life, has loaded the model. `failure`: the last line of what the latest load said
    that failed, "" where there was none since one succeeded; `failed`: how many there were since. `most`: as many workers have been
    at work at once. `any_over`: whether a load is over since the pool had no workers last.
    """

    def __init__(self) -> None:
        self.succeeded = False
        self.failure = ""
        self.failed = 0
        self.most = 0
        self.any_over = False
        self._awaited: dict[Worker, asyncio.Future[Loaded]] = {}
        self._pauses: dict[Worker, tuple[asyncio.Event, float]] = {}
        self._tried: set[Worker] = set()

    def next(self, worker: Worker) -> "asyncio.Future[Loaded]":
        """How it comes to work, code 200, or does not: by the try that it is at, or the one that comes next. Code WAITS: nobody
        knows when, as it waits for a place to run at, and the message says for want of what.

        One that pauses is tried now: somebody waits for it.
        """
        if (pause := self._pauses.get(worker)) is not None:
            pause[0].set()
        if worker.at_work:
            return _over(Loaded(200, "", worker.concurrent))
        if worker.retiring:
            return _over(TAKEN_AWAY)
        if worker.state is WorkerState.GAVE_UP:
            return _over(Loaded(500, self.failure or "the worker was given up", False))
        if worker.life.waits_for:
            return _over(_waiting(worker))
        future = self._awaited.get(worker)
        if future is None:
            future = self._awaited[worker] = asyncio.get_running_loop().create_future()
        return asyncio.shield(future)

    def first_failure(self, workers: Iterable[Worker]) -> "asyncio.Task[Loaded | None]":
        """Whether all of these come to work now: how the first of them failed that does not, or waits, or None."""
        loads = [self.next(worker) for worker in workers]  # now: they may have gone when the task runs

        async def first() -> Loaded | None:
            idle = [loaded for loaded in await asyncio.gather(*loads) if loaded.code != 200]
            return next((loaded for loaded in idle if loaded.code != WAITS), idle[0] if idle else None)

        return asyncio.create_task(first())

    def tried(self, worker: Worker) -> bool:
        """Whether its first try is over."""
        return worker in self._tried

    def ended(self, worker: Worker, loaded: Loaded) -> None:
        """A try is over."""
        self._tried.add(worker)
        if loaded.code == 200:
            self.succeeded, self.failure, self.failed = True, "", 0
        elif not worker.retiring:  # or it was ended from here
            self.failure = reason_of(loaded)
            self.failed += 1
        self.most = max(self.most, sum(one.at_work for one in self._tried))
        self.any_over = self.any_over or not worker.retiring
        self._tell(worker, loaded)

    def waits(self, worker: Worker) -> None:
        """It has no place to run at yet: whoever waits for its try need not any longer."""
        self._tell(worker, _waiting(worker))

    def gone(self, worker: Worker) -> None:
        """There will be no more of them."""
        self._tried.discard(worker)
        self._tell(worker, TAKEN_AWAY)

    def emptied(self) -> None:
        """No workers are wanted any more. Those that are wanted later begin anew."""
        self.any_over = False
        self.failed = 0

    @property
    def again_s(self) -> float:
        """In how many seconds the next of those that pause is tried again, 0 where none pauses."""
        now = asyncio.get_running_loop().time()
        return max(0.0, min((until - now for _, until in self._pauses.values()), default=0.0))

    def pause(self, worker: Worker, seconds: float) -> Coroutine[Any, Any, None]:
        """A pause of this worker, from now on: to be awaited, it ends after so long, or when somebody wants to know."""
        hurry = asyncio.Event()
        self._pauses[worker] = hurry, asyncio.get_running_loop().time() + seconds
        return self._wait(worker, hurry, seconds)

    async def _wait(self, worker: Worker, hurry: asyncio.Event, seconds: float) -> None:
        try:
            await asyncio.wait_for(hurry.wait(), seconds)
        except TimeoutError:
            pass
        finally:
            del self._pauses[worker]

    def _tell(self, worker: Worker, loaded: Loaded) -> None:
        if (future := self._awaited.pop(worker, None)) is not None:
            future.set_result(loaded)


def _waiting(worker: Worker) -> Loaded:
    return Loaded(WAITS, f"a worker waits for a place: it {worker.life.waits_for}", False)


def _over(loaded: Loaded) -> "asyncio.Future[Loaded]":
    future: asyncio.Future[Loaded] = asyncio.get_running_loop().create_future()
    future.set_result(loaded)
    return future
