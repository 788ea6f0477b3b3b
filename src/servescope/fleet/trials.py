"""A worker's tries to load its model: who waits for the next one's end, and the pauses between them. Held by `fleet.pool`."""

import asyncio

from servescope.fleet.worker import Worker
from servescope.wire.messages import Loaded

TAKEN_AWAY = Loaded(500, "the worker was taken away", False, [])


class Trials:
    """The tries of a pool's workers."""

    def __init__(self) -> None:
        self._awaited: dict[Worker, asyncio.Future[Loaded]] = {}
        self._pauses: dict[Worker, asyncio.Event] = {}
        self._tried: set[Worker] = set()

    def next(self, worker: Worker) -> "asyncio.Future[Loaded]":
        """How it comes to work, code 200, or does not: by the try that it is at, or the one that comes next.

        One that pauses is tried now: somebody waits for it.
        """
        if (pause := self._pauses.get(worker)) is not None:
            pause.set()
        if worker.at_work:
            return _over(Loaded(200, "", worker.concurrent, []))
        if not worker.can_serve:
            return _over(TAKEN_AWAY)
        future = self._awaited.get(worker)
        if future is None:
            future = self._awaited[worker] = asyncio.get_running_loop().create_future()
        return asyncio.shield(future)

    def tried(self, worker: Worker) -> bool:
        """Whether its first try is over."""
        return worker in self._tried

    def ended(self, worker: Worker, loaded: Loaded) -> None:
        """A try is over."""
        self._tried.add(worker)
        if (future := self._awaited.pop(worker, None)) is not None:
            future.set_result(loaded)

    def gone(self, worker: Worker) -> None:
        """There will be no more of them."""
        self.ended(worker, TAKEN_AWAY)
        self._tried.discard(worker)

    async def pause(self, worker: Worker, seconds: float) -> None:
        """Wait so long, or until somebody wants to know."""
        hurry = self._pauses[worker] = asyncio.Event()
        try:
            await asyncio.wait_for(hurry.wait(), seconds)
        except TimeoutError:
            pass
        finally:
            del self._pauses[worker]


def _over(loaded: Loaded) -> "asyncio.Future[Loaded]":
    future: asyncio.Future[Loaded] = asyncio.get_running_loop().create_future()
    future.set_result(loaded)
    return future
