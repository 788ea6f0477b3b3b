"""How the loads of a pool's workers ended. Held by `fleet.pool`; read by `serving`, for whoever waits for a model."""

import asyncio

from servescope.errors import last_line
from servescope.fleet.worker import Worker
from servescope.wire.messages import Loaded


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
        self._first: dict[Worker, asyncio.Future[Loaded]] = {}

    def expect(self, worker: Worker) -> None:
        """A new worker, whose first load can be waited for from now on."""
        self._first[worker] = asyncio.get_running_loop().create_future()

    def ended(self, worker: Worker, loaded: Loaded) -> None:
        """One of its loads is over."""
        if loaded.code == 200:
            self.succeeded, self.failure, self.failed = True, "", 0
        elif not worker.retiring:  # or it was ended from here
            self.failure = reason_of(loaded)
            self.failed += 1
        self.most = max(self.most, sum(one.at_work for one in self._first))
        self.any_over = self.any_over or not worker.retiring
        first = self._first[worker]
        if not first.done():
            first.set_result(loaded)

    def emptied(self) -> None:
        """No workers are wanted any more. Those that are wanted later begin anew."""
        self.any_over = False

    def any_ended(self, worker: Worker) -> bool:
        """Whether its first is over."""
        return self._first[worker].done()

    async def first(self, worker: Worker) -> Loaded:
        """How its first load ended; code 200 when it can serve."""
        return await asyncio.shield(self._first[worker])

    def forget(self, worker: Worker) -> None:
        """It has gone."""
        self._first.pop(worker, None)
