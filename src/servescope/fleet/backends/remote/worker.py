"""A worker elsewhere, as its owner holds it: three connections that its agent makes, in place of a child and two socket pairs.

In: calls of `fleet.worker`, what its agent says. Out: `WorkerEvents`, as a local worker's. Made by a backend, which has an agent
started with an errand of this worker's ticket, and waits for `joined`.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from typing import cast

import msgspec

from servescope.fleet.backends.link import Channel, Link
from servescope.fleet.backends.remote.control import Control
from servescope.fleet.backends.remote.listener import Listener
from servescope.fleet.backends.remote.watchers import Watchers
from servescope.fleet.launch import LaunchPlan, WorkerEvents
from servescope.metrics.recording.processes import Elsewhere
from servescope.wire.agent import End, Ended, FromAgent, Look, Measured, Role, Said, Started, ToAgent, Used, Watched
from servescope.wire.frames import Attachments, Buffer
from servescope.wire.measured.told import ToldReader
from servescope.wire.measured.update import MetricUpdate
from servescope.wire.messages import FromWorker, Load, Reply, ToWorker
from servescope.wire.spooled.body import Attachment, in_memory

# How long an agent may take to end a worker, seconds; then it is cut off, and ends it by itself if it can.
END_S = 5.0
# How long whoever has started its agent may take to know why it is lost.
TOLD_S = 35.0


class _Joining(Channel):
    """The channel, which opens itself."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._link.attach(cast("asyncio.WriteTransport", transport))


class RemoteWorker(Link):
    """`ticket`: what its agent has to show. `parted` is called when there is nothing more to do with it. `host`: its
    machine's name, "" until that is known.

    `joined`: it is there and connected. Raises OSError, as `Backend.launch`, where that cannot be.
    """

    def __init__(
        self,
        plan: LaunchPlan,
        events: WorkerEvents,
        listener: Listener,
        watchers: Watchers,
        parted: Callable[[], None],
    ) -> None:
        super().__init__(events)
        self._watchers = watchers
        self.host = ""
        self.joined: asyncio.Future[None] = self._loop.create_future()
        self._listener = listener
        self._has_parted = parted
        self._control = Control(self._heard, self._lost)
        self._measured = ToldReader(lambda: self._control.send(Look()))
        self._started: Started | None = None
        self._begun = False
        self._ending: asyncio.TimerHandle | None = None
        self.ticket = listener.expect(
            {
                Role.CONTROL: lambda: self._control,
                Role.CHANNEL: lambda: _Joining(self, plan.reply_limit, self._received),
                Role.PROBE: lambda: self.probe,
            }
        )

    @property
    def tell_agent(self) -> Callable[[ToAgent], None]:
        """Sends to its agent."""
        return self._control.send

    def placing(self, why: str) -> None:
        """What it has no place to run at for want of, or "", by whoever is to start its agent."""
        if not self._begun and not self._gone:
            self.events.placing(why)

    def fail(self, why: str, kind: type[OSError] = OSError) -> None:
        """It will not come: whoever was to start its agent says why. Nothing happens where it has come."""
        if self._begun or self._gone:
            return
        self._gone = self._told = True  # nobody hears of an end who has not heard of a beginning
        self.probe.close()
        self._parted()
        if not self.joined.done():  # cancelled, perhaps
            self.joined.set_exception(kind(why))

    def _parted(self) -> None:
        """Have no more to do with it; its agent, if there still is one, ends it."""
        if self._ending is not None:
            self._ending.cancel()
        self._listener.forget(self.ticket)
        self._watchers.went(self)
        self._has_parted()
        self._control.cut("it has ended")
        if self._channel is not None:
            self._channel.abort()  # a network that hangs would keep what is not sent yet

    def kill(self) -> None:
        """See `WorkerLink`."""
        if not self._gone and self._ending is None:
            self._control.send(End())
            self._ending = self._loop.call_later(
                END_S, self._control.cut, f"its agent does not end it within {END_S:g} s"
            )

    def send(self, message: ToWorker, attachments: Sequence[Attachment] = ()) -> None:
        """See `WorkerLink`. The model lies elsewhere there."""
        if isinstance(message, Load) and self._started is not None:
            started = self._started
            message = msgspec.structs.replace(message, model_dir=started.model_dir, gpu_id=started.gpu_id)
        super().send(message, attachments)

    def _beside(self, message: ToWorker, attachments: Sequence[Attachment]) -> tuple[ToWorker, Sequence[Buffer]]:
        """See `Link`. Memory of this machine is not there."""
        return message, in_memory(attachments)

    def attach(self, channel: asyncio.WriteTransport) -> None:
        """See `Link`."""
        super().attach(channel)
        self._see_whether_joined()

    def _see_whether_joined(self) -> None:
        if self._started is None or self._channel is None or self._gone or self.joined.done():
            return
        self._begun = True
        self.events.metrics_offered(self._measured)
        self.joined.set_result(None)

    def _received(self, message: FromWorker, attachments: Attachments) -> None:
        if isinstance(message, Reply):
            message.started = self._control.offset.here(message.started, time.monotonic())
        self.events.message_received(message, attachments)

    def _heard(self, message: FromAgent) -> None:
        match message:
            case Said(stream, lines):
                for line in lines:
                    self.events.line_received(stream, line)
            case Measured(updates, _, last):
                self._tell_measured(updates, last=last)
            case Started(pid, host, node):
                self.pid, self.host, self._started = pid, host, message
                self.elsewhere = Elsewhere(host, node)
                self._watchers.came(self)
                self._see_whether_joined()
            case Used():
                self._note(message)
            case Watched():
                self._watchers.heard(self, message)
            case Ended(status, why):
                if self._begun:
                    self._why = self._why or why or None
                    self._end(status)
                else:
                    self.fail(why)

    def _note(self, used: Used) -> None:
        told = self.elsewhere
        if told is not None:
            told.memory_bytes, told.cpu_s, told.gpu_bytes = used.memory_bytes, used.cpu_s, used.gpu_bytes

    def _tell_measured(self, updates: Sequence[MetricUpdate], *, last: bool) -> None:
        now, offset = time.monotonic(), self._control.offset
        for update in updates:
            if update.order:
                update.order = offset.here(update.order, now)
        self._measured.tell(updates, last=last)

    def _lost(self, why: str) -> None:
        """The control connection has gone, and with it, as far as can be known, the worker."""
        if not self._begun:
            self.fail(why)
        elif not self._gone:
            self._why = self._why or f"its worker on {self.host} is lost: {why}"
            self.reason = self._loop.create_future()
            self._loop.call_later(TOLD_S, self.explain, "exit")
            self._end(-signal.SIGKILL)

    def explain(self, reason: str) -> None:
        """Why it was lost, by whoever knows; nothing happens where it was not, or that is known."""
        if self.reason is not None and not self.reason.done():
            self.reason.set_result(reason)

    def _end(self, status: int) -> None:
        if not self._gone:
            self._watchers.went(self)
            self._measured.close()
            self.process_gone(status)
