"""One worker as the front end sees it: its state and what it is working on, through all the processes that it has.

`fleet.pool` keeps it alive and `serving.queue.dispatcher` gives it work. Everything happens on the loop's thread.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from servescope.errors import WorkerFailed
from servescope.fleet.gpus import Devices
from servescope.fleet.launch import Backend, HandlerMetrics, LaunchPlan, NodeLost
from servescope.fleet.worker.hand import Hand
from servescope.fleet.worker.life import Life
from servescope.fleet.worker.owner import WorkerOwner
from servescope.fleet.worker.pace import Pace
from servescope.fleet.worker.work import AT_WORK, BUSY, READY, STOPPING, Ending, Work, WorkerState, ending_of
from servescope.wire.frames import Attachments
from servescope.wire.messages import Batch, Cancel, EngineStats, FromWorker, Loaded, Reply, Stepped, Unread
from servescope.wire.spooled.body import Attachment

logger = logging.getLogger("servescope.fleet")

DIED = "Worker died."
STOPPED = Ending("stopped", "stopped")
# For an asynchronous handler to notice a cancellation: another request may hold its loop, but for so long nobody is answered.
CANCEL_GRACE_S = 10.0


class Worker:
    """A numbered place for a process; the process may die and be replaced, the place stays.

    `number` is TorchServe's port number, `name` its `W-{number}-{model}_{version}`. `timeout_s` bounds one batch, and
    between two pieces of a streamed one. `oom` tells the kernel's kills from others (`fleet.oom`). `engine`: what a language
    model's says of itself, None where there is none now. `here`: its process is one of this machine.
    `hand`: what it has in hand, and for how long it had something, in all its lives. `life`: the present one, or the last.
    """

    def __init__(
        self,
        number: int,
        plan: LaunchPlan,
        directory: Path,
        devices: Devices,
        backend: Backend,
        owner: WorkerOwner["Worker"],
        timeout_s: float,
        oom: Callable[[], bool],
    ) -> None:
        self.number, self.here = number, plan.ray is None
        self.name = f"W-{number}-{plan.load.model_name}_{plan.load.model_version}"
        self.devices = devices
        self.state = WorkerState.STARTING
        self.started_at = datetime.now(UTC)
        self.concurrent = self.retiring = False
        self.pace = Pace()
        self.hand = Hand(timeout_s, self._overdue)
        self.in_flight = self.hand.batches
        self.engine: EngineStats | None = None
        self.load_command_s = 0.0  # what telling it to load took of the front end's time
        self._plan = plan.on(devices)
        self._directory, self._backend, self._owner = directory, backend, owner
        self._oom = oom if self.here else (lambda: False)  # another kernel's kills are not told
        self._given_up: set[int] = set()  # batches that have failed, and were cancelled in the worker
        self.life = Life(self._ending_of)

    @property
    def model_name(self) -> str:
        """Its model's."""
        return self._plan.load.model_name

    @property
    def pid(self) -> int:
        """The process id, 0 while there is no process."""
        return self.life.pid

    @property
    def at_work(self) -> bool:
        """Whether it has loaded and serves."""
        return self.state in AT_WORK

    @property
    def has_room(self) -> bool:
        """Whether it can be given another batch now."""
        return self.state in AT_WORK and len(self.in_flight) < self.pace.most

    @property
    def can_serve(self) -> bool:
        """Whether work given to the model may still reach it, now or after a restart."""
        return not self.retiring and self.state is not WorkerState.GAVE_UP

    async def start(self, startup_timeout_s: float) -> Loaded:
        """Launch a process and load the model. A code other than 200 says that the process is on its way out."""
        self.state = WorkerState.STARTING
        self.started_at = datetime.now(UTC)
        life = self.life = Life(self._ending_of)
        try:
            await life.launch(self._backend, self._plan, self._directory, self)
        except OSError as error:
            reason = "node_lost" if isinstance(error, NodeLost) else "load_error"
            return life.refused(STOPPED if self.retiring else Ending(reason, f"cannot start a worker: {error}"))
        self._owner.worker_launched(self)
        if self.retiring:  # since the launch began
            life.kill()
        self.load_command_s = life.tell_to_load(self._plan.load)
        loaded = await life.load(startup_timeout_s)
        if loaded.code == 200:
            self.concurrent = self.hand.concurrent = loaded.concurrent
            self.pace = Pace((loaded.rows or self._plan.max_concurrency) if loaded.concurrent else None)
            self._owner.worker_loaded(self, loaded)
            self._turn_free()
        return loaded

    async def end(self) -> Ending:
        """Wait for the end of the process that `start` began."""
        ending = await self.life.end()
        lost = [work for work in self.hand.drop_all() if work.id not in self._given_up]
        self._given_up.clear()
        self.engine = None
        # Answers come in the order of the batches, so an ordinary handler had begun on the first of them at most.
        begun = len(lost) if self.concurrent else 1
        for work in lost[:begun]:
            work.failed(WorkerFailed(DIED, code=ending.code))
        for work in reversed(lost[begun:]):
            work.returned()
        return ending

    def _ending_of(self, status: int) -> Ending:
        return STOPPED if self.retiring else ending_of(status, self._oom)

    def submit(self, work: Work, message: Batch, attachments: Sequence[Attachment]) -> None:
        """Give it a batch. It must have room (`has_room`)."""
        self.hand.take(work)
        self.state = BUSY
        self.life.send(message, attachments)

    def take_back(self, work: Work) -> None:
        """It could not be sent."""
        self.hand.forget(work)

    def cancel(self, work: Work, request_id: str) -> None:
        """Nobody waits any more for a request that it works on, in the batch `work`."""
        self.life.send(Cancel(work.id, request_id), ())

    def _overdue(self, work: Work) -> bool:
        """Fail what is over its time: of an asynchronous handler that batch alone, and the worker where it is deaf to that."""
        text = f"no answer within {self.hand.timeout_s:g} s"
        if not self.concurrent or work.id in self._given_up:
            if self.concurrent:
                text += f", nor within {CANCEL_GRACE_S:g} s to a cancellation"
            self.state = STOPPING
            self.life.condemn(Ending("timeout", text))
            return False
        logger.warning("%s: request %s: %s; it is cancelled", self.name, ", ".join(work.request_ids), text)
        self._given_up.add(work.id)
        self.hand.extend(work, CANCEL_GRACE_S)
        for request_id in work.request_ids:
            self.cancel(work, request_id)
        work.failed(WorkerFailed(DIED))
        return True

    def retire(self) -> None:
        """Take no more work; end once what is in hand is done."""
        self.retiring = True
        if self.state in AT_WORK:
            self._stop_when_idle()
        else:
            self.kill()

    def _stop_when_idle(self) -> None:
        self.state = STOPPING
        if not self.in_flight:
            self.life.stop()

    def kill(self) -> None:
        """End the process now."""
        self.life.kill()

    def gone(self) -> None:
        """It is given up for good, and has no process."""
        self.hand.part()
        self.life.part()

    def _turn_free(self) -> None:
        if self.retiring or self.state is STOPPING:
            if not self.life.doomed:  # or this answer has crossed the kill
                self._stop_when_idle()
            return
        self.state = READY if not self.in_flight else BUSY
        self._owner.worker_free(self)

    def message_received(self, message: FromWorker, attachments: Attachments) -> None:
        """See `WorkerEvents`."""
        if not isinstance(message, Reply):
            self._told(message)
            return
        if (entry := self.in_flight.get(message.batch_id)) is None:
            return
        work, final = entry[0], message.final
        given_up = work.id in self._given_up
        if final and message.code == 200:
            self.pace.answered(message.stages["prediction"])
        if given_up:
            work.late(message)
        else:
            if not final:
                self.hand.renew(work)
            work.replied(message, attachments)
        if final:
            self.hand.drop(work)  # last: work that choked on its reply fails with the worker
            if given_up:
                self._given_up.discard(work.id)
            self._turn_free()

    def _told(self, message: Loaded | EngineStats | Stepped | Unread) -> None:
        """What is no reply."""
        if isinstance(message, Loaded):
            self.life.loaded(message)
        elif isinstance(message, Unread):
            self.hand.unread(message)
        else:
            self.engine = message if isinstance(message, EngineStats) else self.engine
            self._owner.worker_told(self, message)

    def line_received(self, stream: str, line: str) -> None:
        """See `WorkerEvents`."""
        self._owner.worker_said(self, stream, line)

    def placing(self, why: str) -> None:
        """See `WorkerEvents`."""
        self.life.placing(why)
        self.state = WorkerState.PENDING if why else WorkerState.STARTING
        self._owner.worker_placing(self)

    def metrics_offered(self, source: HandlerMetrics) -> None:
        """See `WorkerEvents`."""
        self._owner.worker_offers(self, source)

    def ending(self) -> None:
        """See `WorkerEvents`."""
        self.life.leaving = True
        if self.state in AT_WORK:
            self.state = STOPPING

    def ended(self, status: int, why: str | None = None, reason: "asyncio.Future[str] | None" = None) -> None:
        """See `WorkerEvents`."""
        if self.life.ended(status, why, reason) and self.state in AT_WORK:
            self.state = STOPPING  # `end` runs a moment later, and nobody may give it work till then
