"""How the loads of a pool's workers ended. Held by `fleet.pool`; read by `serving`, for whoever waits for a model."""

import asyncio

from servescope.errors import last_line
from servescope.fleet.worker import Worker
from servescope.wire.messages import Loaded


class Loads:
    """`succeeded`: whether any worker, in any life, has loaded the model. `failure`: the last line of what the latest load said
    that failed, "" where there was none since one succeeded.
    """

    def __init__(self) -> None:
        self.succeeded = False
        self.failure = ""
        self._first: dict[Worker, asyncio.Future[Loaded]] = {}

    def expect(self, worker: Worker) -> None:
        """A new worker, whose first load can be waited for from now on."""
        self._first[worker] = asyncio.get_running_loop().create_future()

    def ended(self, worker: Worker, loaded: Loaded) -> None:
        """One of its loads is over."""
        if loaded.code == 200:
            self.succeeded, self.failure = True, ""
        elif not worker.retiring:  # or it was ended from here
            self.failure = last_line(loaded.reason or loaded.message)
        first = self._first[worker]
        if not first.done():
            first.set_result(loaded)

    def any_ended(self, worker: Worker) -> bool:
        """Whether its first is over."""
        return self._first[worker].done()

    async def first(self, worker: Worker) -> Loaded:
        """How its first load ended; code 200 when it can serve."""
        return await asyncio.shield(self._first[worker])

    def forget(self, worker: Worker) -> None:
        """It has gone."""
        self._first.pop(worker, None)
