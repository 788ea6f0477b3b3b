"""The workers of one model version: as many as wanted, each started again by the retry schedule when it dies.

`serving.counts` scales it; `serving.queue.dispatcher` hears, through `PoolEvents`, which worker can take work. A worker that
goes away by scaling takes no more work and finishes what it has in hand first, streams too, in `retirement_s` at most.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from servescope.fleet.events import PoolEvents
from servescope.fleet.gpus import ModelDevices
from servescope.fleet.keeper import Keeper, PoolOptions
from servescope.fleet.launch import Backend, HandlerMetrics, LaunchPlan
from servescope.fleet.loads import Loads
from servescope.fleet.records import WorkerRecords
from servescope.fleet.worker.work import RETIRED_FIRST, WorkerState, counted
from servescope.fleet.worker.worker import Worker
from servescope.metrics.foreign.passthrough import PassThrough
from servescope.metrics.recording.recorder import Recorder
from servescope.wire.messages import EngineStats, Loaded, ServedModel, Stepped

logger = logging.getLogger("servescope.fleet")

KILL_S = 10.0  # a process with hundreds of gigabytes takes its time to give them back


class PoolContext(Struct, frozen=True):
    """What every pool of a server shares. `pass_through` shows what handlers measure with prometheus_client.

    `next_number` deals worker numbers; `model_line` keeps the model log (`logs.model`); `oom` tells the kernel's kills
    (`fleet.oom`).
    """

    backend: Backend
    recorder: Recorder
    pass_through: PassThrough
    next_number: Callable[[], int]
    model_line: Callable[[str, str, str, Sequence[str]], None]
    oom: Callable[[], bool]


class Pool:
    """Workers of one model version. `served`: the names that a language model answers to, as its latest load said. `loads`: how
    their tries to load it end.
    """

    def __init__(
        self,
        plan: LaunchPlan,
        directory: Path,
        devices: ModelDevices,
        options: PoolOptions,
        context: PoolContext,
    ) -> None:
        self._plan = plan
        self._directory = directory
        self._devices = devices
        self._options = options
        self._context = context
        load = plan.load
        self._records = WorkerRecords(context.recorder, context.pass_through, load.model_name, load.model_version)
        self._keepers: dict[Worker, asyncio.Task[None]] = {}
        self._limits: dict[Worker, asyncio.TimerHandle] = {}  # of retired workers that have something in hand
        self.loads = Loads()
        self._keeper = Keeper(options, self._records, self.loads)
        self.troubles = self._records.troubles
        self.events: PoolEvents | None = None
        self.served: list[ServedModel] = []
        self.admits = False  # whether a request may queue here without a question; read by every request, so kept
        self.waking_since: float | None = None  # on the loop's clock; see `wake`

    def __iter__(self) -> Iterator[Worker]:
        return iter(list(self._keepers))

    def __len__(self) -> int:
        return sum(not worker.retiring for worker in self._keepers)

    @property
    def can_serve(self) -> bool:
        """Whether a request has a worker to wait for."""
        return any(worker.can_serve for worker in self._keepers)

    @property
    def waking(self) -> bool:
        """Whether it had no workers until they were needed, and none has loaded since."""
        return self.waking_since is not None

    @property
    def stranded(self) -> bool:
        """Whether it is waking, and none of its workers is at a load, or waits for a place, as they have failed."""
        states = [worker.state for worker in self._keepers if not worker.retiring]
        return self.waking and WorkerState.STARTING not in states and WorkerState.PENDING not in states

    @property
    def healthy(self) -> int:
        """Workers that never stopped, or are being retried; not a language model's, whose restart takes minutes."""
        return sum(
            worker.can_serve and (worker.at_work or not (self.served and self.loads.tried(worker)))
            for worker in self._keepers
        )

    def states(self) -> dict[str, int]:
        """How many workers are in each state; those given up count as failed."""
        return counted(worker.state for worker in self._keepers)

    def grow(self, count: int) -> list[Worker]:
        """Add workers until there are `count`; those that were added, still starting. Those that gave up are replaced."""
        for worker in [worker for worker in self._keepers if worker.state is WorkerState.GAVE_UP]:
            self._remove(worker)
        return [self._add() for _ in range(count - len(self))]

    def wake(self, count: int) -> list[Worker]:
        """As `grow`, of a pool without workers that was asleep: until one has loaded, who comes is told how long that takes."""
        if count and not len(self):
            self.waking_since = asyncio.get_running_loop().time()
        return self.grow(count)

    def _add(self) -> Worker:
        devices = self._devices.next()
        # While the pool wakes, those that were sent to sleep a moment ago may still have the GPU's memory.
        waits = self.waking and devices.gpu_id is not None
        leaving = [task for worker, task in self._keepers.items() if worker.retiring and waits]
        context, timeout_s = self._context, self._options.response_timeout_s
        worker = Worker(
            context.next_number(), self._plan, self._directory, devices, context.backend, self, timeout_s, context.oom
        )
        self._records.added(worker)
        self._keepers[worker] = asyncio.create_task(self._keep(worker, leaving), name=worker.name)
        self.admits = not self.waking
        return worker

    def shrink(self, count: int) -> list[Worker]:
        """Retire workers until `count` are left: those without work first, then those with the least of it. They end when their
        work is done.
        """
        serving = [worker for worker in self._keepers if not worker.retiring]
        serving.sort(key=lambda worker: (RETIRED_FIRST.index(worker.state), len(worker.in_flight), -worker.number))
        retired = serving[: max(0, len(serving) - count)]
        if not count:
            self.waking_since = None
            self.loads.emptied()
        for worker in retired:
            self._remove(worker)
            if worker.in_flight:
                limit = self._options.retirement_s
                self._limits[worker] = asyncio.get_running_loop().call_later(limit, self._cut_off, worker, limit)
        if retired:
            self._changed()
        return retired

    def _remove(self, worker: Worker) -> None:
        worker.retire()
        if worker.state is WorkerState.FAILED:
            self._keepers[worker].cancel()  # it has no process: only the wait for the next try
        elif worker.state is WorkerState.GAVE_UP:
            self._forget(worker)  # its keeper has ended

    def _cut_off(self, worker: Worker, limit_s: float) -> None:
        text = "%s is ended: it was retired %g s ago, and %d requests in its hands are not finished"
        logger.warning(text, worker.name, limit_s, len(worker.hand.request_ids))
        worker.kill()

    def _changed(self) -> None:
        self.admits = self.can_serve and not self.waking
        if self.events is not None:
            self.events.workers_changed()

    def _forget(self, worker: Worker) -> None:
        if (limit := self._limits.pop(worker, None)) is not None:
            limit.cancel()
        if self._keepers.pop(worker, None) is not None:
            self._records.gone(worker)
            worker.gone()
        self.loads.gone(worker)

    async def ended(self, workers: list[Worker]) -> None:
        """Wait until these are gone."""
        if tasks := [task for worker in workers if (task := self._keepers.get(worker))]:
            await asyncio.wait(tasks)

    async def close(self, grace_s: float) -> None:
        """Retire every worker, and after `grace_s` seconds end those that are still at work."""
        self.shrink(0)
        try:
            await asyncio.wait_for(self.ended(list(self._keepers)), grace_s)
        except TimeoutError:
            await self._kill()
        self.events = None  # who hears of it holds it, and the two would wait for the garbage collector

    async def _kill(self) -> None:
        """End those that are left; one that the kernel cannot end, as it waits for a device, is left to it."""
        for worker in self:
            worker.kill()
        try:
            await asyncio.wait_for(self.ended(list(self._keepers)), KILL_S)
        except TimeoutError:
            for worker in self:
                text = "%s is left behind: its process %d was killed and has not ended in %g s"
                logger.error(text, worker.name, worker.pid, KILL_S)

    async def _keep(self, worker: Worker, leaving: list["asyncio.Task[None]"]) -> None:
        try:
            if leaving:
                await asyncio.wait(leaving)
            await self._keeper.keep(worker, self._changed)
        finally:
            if worker.state is not WorkerState.GAVE_UP:
                self._forget(worker)
            self._changed()

    def worker_placing(self, worker: Worker) -> None:
        """See `WorkerOwner`."""
        if worker.life.waits_for:
            self.loads.waits(worker)

    def worker_launched(self, worker: Worker) -> None:
        """See `WorkerOwner`."""
        self._records.launched(worker)

    def worker_loaded(self, _worker: Worker, loaded: Loaded) -> None:
        """See `WorkerOwner`."""
        self.waking_since, self.admits = None, self.can_serve
        if loaded.served:
            self.served = loaded.served
            self._records.serves_language_model()
            if self.events is not None:
                self.events.batches_of_one()

    def worker_told(self, worker: Worker, message: EngineStats | Stepped) -> None:
        """See `WorkerOwner`."""
        if worker.state is not WorkerState.GAVE_UP:  # its gauges are gone for good
            self._records.told(worker, message)

    def worker_offers(self, worker: Worker, source: HandlerMetrics) -> None:
        """See `WorkerOwner`."""
        self._records.offers(worker, source)

    def worker_free(self, worker: Worker) -> None:
        """See `WorkerOwner`."""
        if self.events is not None:
            self.events.worker_free(worker)

    def worker_said(self, worker: Worker, stream: str, line: str) -> None:
        """See `WorkerOwner`."""
        self._context.model_line(worker.name, stream, line, worker.hand.request_ids)
