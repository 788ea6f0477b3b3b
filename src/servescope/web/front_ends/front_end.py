"""One front end as the owner sees it, through all the processes that it has.

A process that ends is replaced at once, and one that hangs is ended. What it had in hand ends as lost. Made by `crew`; `desk` has
what a process says, `dealer` puts connections where it takes them.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress

from servescope.fleet.backends.descriptors import require_descriptors
from servescope.fleet.offspring.family import Offspring
from servescope.metrics.recording.ports.front_ends import FrontEndRecorder
from servescope.web.front_ends import messages as said
from servescope.web.front_ends.desk import Desk, Port
from servescope.web.front_ends.process import Process
from servescope.web.http.clients.clients import Recorder

logger = logging.getLogger("servescope.web")

# Looks, one a second, that may go without an answer: a front end whose loop stands still for so long hangs.
MOST_UNANSWERED = 5
_LATE = 2  # looks without an answer, after which others are given the connections that come
MOST_STARTING = 60  # until it takes connections
_STEADY_S = 5.0  # one that lived so long is replaced at once
_PAUSE_S = 0.1  # before another takes the place of one that took connections, and did not live so long
_LONGEST_PAUSE_S = 5.0  # where none does, it is twice as long each time, up to this


class FrontEnd:
    """`number` counts from 1. `dealt`: where `dealer` puts connections for it, from `start` on; it outlives processes."""

    def __init__(
        self,
        number: int,
        terms: Callable[[], said.Terms],
        app: Port,
        ports: Recorder,
        recorder: FrontEndRecorder,
        offspring: Offspring,
    ) -> None:
        self.number = number
        self.dealt: socket.socket
        self._taken: socket.socket
        self._terms = terms
        self._app = app
        self._ports = ports
        self._recorder = recorder
        self._offspring = offspring
        self._desk = Desk(app, ports)
        self._process: Process | None = None
        self._over = asyncio.Event()
        self._closing = asyncio.Event()
        self._unanswered = 0
        self._seen = self._desk.census
        self._spent_s = self._polled_s = (
            0.0  # processor time of processes that have ended, and that of it awake in vain
        )
        self._hung = False
        self._keeping: asyncio.Task[None] | None = None
        self._first: asyncio.Future[None] | None = None

    @property
    def serving(self) -> bool:
        """Whether its process takes connections."""
        return self._process is not None and self._desk.ready.is_set()

    @property
    def prompt(self) -> bool:
        """Whether it does so now, for all that is known: it may hang, of which one can only be sure a while later."""
        return self.serving and self._unanswered < _LATE

    @property
    def pid(self) -> int:
        """Its process's, 0 while there is none."""
        return 0 if self._process is None else self._process.pid

    @property
    def census(self) -> said.Census:
        """What it said last of how things are; processor times are those of all its processes."""
        census = self._desk.census
        spent_s, polled_s = self._spent_s + census.cpu_s, self._polled_s + census.polled_s
        return said.Census(census.phases, spent_s, polled_s, census.memory_bytes)

    async def start(self) -> None:
        """Have a process, on the running loop, and another one whenever it ends; until the first takes connections.

        Raises:
            OSError: the first cannot be started, or ended before it did.
        """
        require_descriptors()
        self.dealt, self._taken = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.dealt.setblocking(False)
        self._first = asyncio.get_running_loop().create_future()
        self._keeping = asyncio.create_task(self._keep(), name=f"front end {self.number}")
        await self._first

    async def look(self) -> None:
        """Learn how things are."""
        if self.serving:
            self._desk.looked.clear()
            self._desk.channel.say(said.Look())
            await self._desk.looked.wait()

    def watch(self) -> None:
        """Ask too, once a second, without waiting. One that did not answer MOST_UNANSWERED times is ended."""
        if self._process is None:
            return
        self._unanswered = self._unanswered + 1 if self._desk.census is self._seen else 0
        self._seen = self._desk.census
        if self._unanswered > (MOST_UNANSWERED if self.serving else MOST_STARTING) and not self._hung:
            self._hung = True
            logger.warning("Front end %d, process %d, hangs, and is ended", self.number, self.pid)
            self._process.kill()
        if self.serving:
            self._desk.channel.say(said.Look())

    def renew(self) -> None:
        """The certificate has changed."""
        if self._process is not None:
            terms = self._terms()
            self._desk.channel.say(said.Renew(terms.certificate, terms.private_key))

    async def close(self, patience_s: float) -> None:
        """Let it end, in so many seconds, and not come back. One that takes no connections yet has nobody to wait for."""
        self._closing.set()
        if self._keeping is None:
            return
        if self.serving:
            self._desk.channel.say(said.Stop())
            await asyncio.wait((self._keeping,), timeout=patience_s)
        if self._process is not None:
            self._process.kill()
        await self._keeping
        self.dealt.close()
        self._taken.close()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = 0.0
        while not self._closing.is_set():
            began = loop.time()
            served = await self._live()
            if loop.time() - began > _STEADY_S:
                pause_s = 0.0
            else:
                pause_s = _PAUSE_S if served else min(max(_PAUSE_S, 2 * pause_s), _LONGEST_PAUSE_S)
            if pause_s:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), pause_s)

    async def _live(self) -> bool:
        """One process, from its launch to its end; whether it took connections."""
        desk = self._desk = Desk(self._app, self._ports)
        self._over.clear()
        self._unanswered, self._seen, self._hung = 0, desk.census, False
        self._process = process = Process(self.number, desk, self._offspring, self._ended)
        try:
            await process.start(self._taken)
        except OSError as error:
            process.kill()
            self._process = None
            logger.error("Front end %d cannot be started: %s", self.number, error)
            self._tell_first(error)
            return False
        if self._closing.is_set():
            process.kill()  # it had no id when `close` would have done so
        desk.channel.say(self._terms())
        ready = asyncio.ensure_future(desk.ready.wait())
        over = asyncio.ensure_future(self._over.wait())
        await asyncio.wait((ready, over), return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            self._unanswered = 0
            self._tell_first()
        ready.cancel()
        await over
        return desk.ready.is_set()

    def _tell_first(self, error: OSError | None = None) -> None:
        if self._first is None or self._first.done():
            return
        if error is None:
            self._first.set_result(None)
        else:
            self._first.set_exception(error)

    def _ended(self, status: int) -> None:
        """Its process has, and all that it said has come."""
        assert self._process is not None
        lost = self._desk.lose(self._process.written)
        self._process = None
        self._spent_s += self._desk.census.cpu_s
        self._polled_s += self._desk.census.polled_s
        self._desk = Desk(self._app, self._ports)
        self._tell_first(OSError(f"it ended with status {status}"))
        if not self._closing.is_set():
            reason = "hung" if self._hung else "died"
            self._recorder.ended(reason, lost)
            logger.warning(
                "Front end %d ended with status %d, with %d requests in hand; another takes its place",
                self.number,
                status,
                lost,
            )
        self._over.set()
