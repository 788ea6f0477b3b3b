"""One worker as the front end sees it: its state, what it is working on, and one life from launch to end.

`fleet.pool` keeps it alive and `serving.dispatcher` gives it work. Everything happens on the loop's thread.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from servescope.errors import WorkerFailed
from servescope.fleet.gpus import Devices
from servescope.fleet.launch import Backend, LaunchPlan, WorkerLink
from servescope.fleet.pace import Pace
from servescope.fleet.work import AT_WORK, Ending, Work, WorkerOwner, WorkerState, ending_of
from servescope.metrics.passthrough import MetricsSource
from servescope.wire.frames import INLINE_LIMIT, NO_ATTACHMENTS, Attachments, Buffer
from servescope.wire.messages import Batch, Cancel, FromWorker, Loaded, Reply, Stop

DIED = "Worker died."
STOP_GRACE_S = 5.0


class Worker:
    """A numbered place for a process; the process may die and be replaced, the place stays.

    `number` is TorchServe's port number, `name` its `W-{number}-{model}_{version}`. `timeout_s` bounds one batch, and
    between two pieces of a streamed one. `oom` tells the kernel's kills from others (`fleet.oom`).
    """

    def __init__(
        self,
        number: int,
        plan: LaunchPlan,
        directory: Path,
        devices: Devices,
        backend: Backend,
        owner: WorkerOwner,
        timeout_s: float,
        oom: Callable[[], bool],
    ) -> None:
        self.number = number
        self.name = f"W-{number}-{plan.load.model_name}_{plan.load.model_version}"
        self.devices = devices
        self.state = WorkerState.STARTING
        self.started_at = datetime.now(UTC)
        self.concurrent = False
        self.pace = Pace()
        self.in_flight: dict[int, tuple[Work, float]] = {}
        self.retiring = False
        self.load_command_s = 0.0  # what telling it to load took of the front end's time
        self._busy_s = 0.0
        self._busy_since: float | None = None
        self._plan = self._plan_for(plan, devices)
        self._directory = directory
        self._backend = backend
        self._owner = owner
        self._timeout_s = timeout_s
        self._oom = oom
        self._link: WorkerLink | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._loaded: asyncio.Future[Loaded] | None = None
        self._ended: asyncio.Future[int] | None = None
        self._verdict: Ending | None = None
        self._leaving = False
        self._clock: Callable[[], float] = asyncio.get_running_loop().time

    @staticmethod
    def _plan_for(plan: LaunchPlan, devices: Devices) -> LaunchPlan:
        load = msgspec.structs.replace(plan.load, gpu_id=devices.gpu_id)
        environment = plan.environment
        if devices.visible:
            environment = {**environment, "CUDA_VISIBLE_DEVICES": devices.visible}
        return replace(plan, load=load, environment=environment)

    @property
    def pid(self) -> int:
        """The process id, 0 while there is no process."""
        return self._link.pid if self._link is not None else 0

    @property
    def at_work(self) -> bool:
        """Whether it has loaded and serves."""
        return self.state in AT_WORK

    @property
    def has_room(self) -> bool:
        """Whether it can be given another batch now."""
        return self.state in AT_WORK and len(self.in_flight) < self.pace.most

    @property
    def busy_s(self) -> float:
        """For how many seconds, in all its lives and up to now, it has had a batch in hand."""
        return self._busy_s if self._busy_since is None else self._busy_s + time.monotonic() - self._busy_since

    def _note_idle(self) -> None:
        if self._busy_since is not None and not self.in_flight:
            self._busy_s, self._busy_since = self.busy_s, None

    @property
    def request_ids(self) -> list[str]:
        """The requests it has in hand."""
        return [request_id for work, _ in self.in_flight.values() for request_id in work.request_ids]

    @property
    def can_serve(self) -> bool:
        """Whether work given to the model may still reach it, now or after a restart."""
        return not self.retiring and self.state is not WorkerState.GAVE_UP

    async def start(self, startup_timeout_s: float) -> Loaded:
        """Launch a process and load the model. A code other than 200 says that the process is on its way out."""
        loop = asyncio.get_running_loop()
        self.state = WorkerState.STARTING
        self.started_at = datetime.now(UTC)
        self._verdict, self._leaving = None, False
        self._loaded, self._ended = loop.create_future(), loop.create_future()
        try:
            self._link = await self._backend.launch(self._plan, self._directory, self)
        except OSError as error:
            self._ended.set_result(1)
            return self._refused(Ending("load_error", f"cannot start a worker: {error}"))
        self._owner.worker_launched(self)
        if self.retiring:  # since the launch began
            self.kill()
        before = time.monotonic()
        self._link.send(self._plan.load)
        self.load_command_s = time.monotonic() - before
        await asyncio.wait((self._loaded, self._ended), timeout=startup_timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if self._loaded.done():
            loaded = self._loaded.result()
            if loaded.code != 200:
                reason = "oom" if loaded.code == 507 else "load_error"
                return self._refused(Ending(reason, loaded.message, loaded.code))
            if not self._ended.done():
                self.concurrent = loaded.concurrent
                self.pace = Pace(concurrent=loaded.concurrent)
                self._turn_free()
                return loaded
        if self._ended.done():
            return self._refused(self._ending_of(self._ended.result()))
        return self._refused(Ending("timeout", f"did not load within {startup_timeout_s:g} s"))

    def _refused(self, ending: Ending) -> Loaded:
        self._verdict = ending
        self.kill()
        return Loaded(ending.code, ending.text, False, [])

    async def end(self) -> Ending:
        """Wait for the end of the process that `start` began."""
        assert self._ended is not None
        status = await self._ended
        ending = self._verdict or self._ending_of(status)
        self._link = None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        lost, self.in_flight = list(self.in_flight.values()), {}
        self._note_idle()
        # Answers come in the order of the batches, so an ordinary handler had begun on the first of them at most.
        begun = len(lost) if self.concurrent else 1
        for work, _ in lost[:begun]:
            work.failed(WorkerFailed(DIED, code=ending.code))
        for work, _ in reversed(lost[begun:]):
            work.returned()
        return ending

    def _ending_of(self, status: int) -> Ending:
        return Ending("stopped", "stopped") if self.retiring else ending_of(status, self._oom)

    def submit(self, work: Work, message: Batch, attachments: Sequence[Buffer]) -> None:
        """Give it a batch. It must have room (`has_room`)."""
        assert self._link is not None
        now = self._clock()
        if not self.in_flight:
            self._busy_since = time.monotonic()
        self.in_flight[work.id] = (work, now + self._timeout_s)
        self.state = WorkerState.BUSY
        if self._watch is None:
            self._watch = asyncio.get_running_loop().call_at(now + self._timeout_s, self._check_deadlines)
        self._link.send(message, attachments)

    def take_back(self, work: Work) -> None:
        """It could not be sent."""
        self.in_flight.pop(work.id, None)
        self._note_idle()

    def cancel(self, request_id: str) -> None:
        """The client of a request that it works on has gone."""
        if self._link is not None:
            self._link.send(Cancel(request_id))

    def _begin_next(self) -> None:
        """What was sent ahead has its turn now, and its time counts from here."""
        batch_id, (work, _) = next(iter(self.in_flight.items()))
        self.in_flight[batch_id] = (work, self._clock() + self._timeout_s)

    def _check_deadlines(self) -> None:
        """One timer watches all batches, and is set again only when it fires: none is made or cancelled per request."""
        self._watch = None
        if not self.in_flight:
            return
        deadlines = (deadline for _, deadline in self.in_flight.values())
        earliest = min(deadlines) if self.concurrent else next(deadlines)  # the others wait for their turn
        if earliest <= self._clock():
            self._verdict = Ending("timeout", f"no answer within {self._timeout_s:g} s")
            self.state = WorkerState.STOPPING
            self.kill()
        else:
            self._watch = asyncio.get_running_loop().call_at(earliest, self._check_deadlines)

    def retire(self) -> None:
        """Take no more work; end once what is in hand is done."""
        self.retiring = True
        if self.state in (WorkerState.READY, WorkerState.BUSY):
            self.state = WorkerState.STOPPING
            if not self.in_flight:
                self._say_stop()
        else:
            self.kill()

    def _say_stop(self) -> None:
        if self._link is not None:
            self._link.send(Stop())
            asyncio.get_running_loop().call_later(STOP_GRACE_S, self.kill)

    def kill(self) -> None:
        """End the process now."""
        if self._link is not None:
            self._link.kill()

    def _turn_free(self) -> None:
        if self._verdict is not None or self._leaving:
            return  # this answer has crossed the kill: whoever is given work now would lose it
        if self.retiring:
            self.state = WorkerState.STOPPING
            if not self.in_flight:
                self._say_stop()
            return
        self.state = WorkerState.READY if not self.in_flight else WorkerState.BUSY
        self._owner.worker_free(self)

    def message_received(self, message: FromWorker, attachments: Attachments) -> None:
        """See `WorkerEvents`."""
        if isinstance(message, Reply):
            entry = self.in_flight.get(message.batch_id)
            if entry is None:
                return
            work = entry[0]
            if self._too_large(message, attachments):
                return
            if message.final:
                if message.code == 200:
                    self.pace.answered(message.stages["prediction"])
                work.replied(message, attachments)
                del self.in_flight[message.batch_id]  # last: work that choked on its reply fails with the worker
                self._note_idle()
                if self.in_flight and not self.concurrent:
                    self._begin_next()
                self._turn_free()
            else:
                self.in_flight[message.batch_id] = (work, self._clock() + self._timeout_s)
                work.replied(message, attachments)
        elif isinstance(message, Loaded) and self._loaded is not None and not self._loaded.done():
            self._loaded.set_result(message)

    def _too_large(self, reply: Reply, attachments: Attachments) -> bool:
        """Whether an answer is over the limit; the worker is ended then, as TorchServe does."""
        limit = self._plan.answer_limit
        if attachments is NO_ATTACHMENTS and limit >= INLINE_LIMIT:
            return False  # nothing in it can be so large
        sizes = [part.data if isinstance(part.data, int) else len(part.data) for part in reply.parts]
        if max(sizes, default=0) <= limit:
            return False
        text = f"an answer of {max(sizes)} bytes; max_response_size is {limit}"
        self._verdict = self._verdict or Ending("exit", text)
        self.line_received("stderr", f"The worker is ended: {text}")
        self.kill()
        return True

    def line_received(self, stream: str, line: str) -> None:
        """See `WorkerEvents`."""
        self._owner.worker_said(self, stream, line)

    def metrics_offered(self, source: MetricsSource) -> None:
        """See `WorkerEvents`."""
        self._owner.worker_offers(self, source)

    def ending(self) -> None:
        """See `WorkerEvents`."""
        self._leaving = True
        if self.state in AT_WORK:
            self.state = WorkerState.STOPPING

    def ended(self, status: int, why: str | None = None) -> None:
        """See `WorkerEvents`."""
        if why is not None and self._verdict is None:
            self._verdict = Ending("exit", why)
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(status)
            if self.state in AT_WORK:
                self.state = WorkerState.STOPPING  # `end` runs a moment later, and nobody may give it work till then
