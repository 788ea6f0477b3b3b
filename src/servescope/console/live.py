"""The clock of the console, and its event streams: in, a step every five seconds; out, an event to each page that is open.

One task a server. It has the rings take their step; a document is made only while somebody listens, and once for all. A reader that
is slow misses events: what it is sent next is the latest. Started and ended by `server.console`.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from servescope.console.face import SAFE, document
from servescope.console.history.memory import MINUTES, Memory
from servescope.errors import ServiceUnavailable
from servescope.web.http.exchange import Exchange

logger = logging.getLogger("servescope.console")

MOST_STREAMS: Final = 100
_EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")
_BUFFERING = (b"x-accel-buffering", b"no")  # nginx would hold events back
_RETRY = b"retry: 3000\n\n"


class Stream:
    """One page. `latest`: the event that it has yet to be sent; another one takes its place."""

    def __init__(self, first: bytes) -> None:
        self.latest = first
        self.over = False
        self._news = asyncio.Event()
        self._news.set()

    def put(self, event: bytes, *, over: bool = False) -> None:
        """Send this next."""
        self.latest, self.over = event, over
        self._news.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield _RETRY
        while True:
            await self._news.wait()
            self._news.clear()
            over, event, self.latest = self.over, self.latest, b""
            if event:
                yield event
            if over:
                return


class Live:
    """`settle` has the recorder bring everything up to date. `overview` makes the document that pages are told, `attend`
    looks for what is wrong while nobody is told, once a minute.
    """

    def __init__(
        self,
        memory: Memory,
        settle: Callable[[], Awaitable[None]],
        overview: Callable[[], Awaitable[object]],
        attend: Callable[[], None],
    ) -> None:
        self._memory = memory
        self._settle = settle
        self._overview = overview
        self._attend = attend
        self._unattended = 0
        self._streams: set[Stream] = set()
        self._task: asyncio.Task[None] | None = None
        self._ended = False

    @property
    def open(self) -> int:
        """How many streams there are."""
        return len(self._streams)

    def start(self) -> None:
        """Begin, on the running loop."""
        self._task = asyncio.create_task(self._run(), name="console")

    def part(self, words: str) -> None:
        """Tell every page that it is over, and take no more."""
        self._ended = True
        for stream in tuple(self._streams):
            stream.put(event("bye", {"reason": words}), over=True)

    async def stop(self) -> None:
        """End."""
        self.part("The server is stopping")
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def settled(self) -> None:
        """Wait until what is read next is up to date."""
        await self._settle()

    async def stream(self, exchange: Exchange) -> None:
        """Answer with events until the page leaves, or the server.

        Raises:
            ServiceUnavailable: there are as many streams as there may be, or the server is stopping.
        """
        if not exchange.open:
            return  # it has left already, and nobody would say so again
        if self._ended:
            raise ServiceUnavailable("The server is stopping", retry_after_s=5)
        if len(self._streams) >= MOST_STREAMS:
            raise ServiceUnavailable(
                f"{MOST_STREAMS} pages of this console are open, which is as many as are served at once: close one",
                retry_after_s=30,
            )
        stream = Stream(b"")
        self._streams.add(stream)

        def left() -> None:
            exchange.close()
            stream.put(b"", over=True)

        exchange.connection.on_lost = left
        try:
            await self._settle()
            first = await self._event()
            stream.put(first, over=stream.over)
            await exchange.stream(200, [_EVENTS, _BUFFERING, *SAFE], aiter(stream))
        finally:
            self._streams.discard(stream)

    async def _event(self) -> bytes:
        return event("overview", await self._overview(), self._memory.wall())

    async def _run(self) -> None:
        failing = False
        while True:
            await asyncio.sleep(self._until_next())
            try:
                await self._step()
                failing = False
            except Exception:
                if not failing:  # once, and not every five seconds
                    logger.exception("The console cannot take its step")
                failing = True

    def _until_next(self) -> float:
        """Seconds to the next whole step of the clock on the wall, so that all servers' steps are the same ones."""
        now, step = self._memory.wall(), self._memory.step_s
        return max(step / 100, (math.floor(now / step + 0.1) + 1) * step - now)

    async def _step(self) -> None:
        await self._settle()
        for _ in self._memory.tick():
            await asyncio.sleep(0)
        self._unattended = 0 if self._streams else self._unattended + 1
        if self._unattended >= MINUTES:
            self._unattended = 0
            self._attend()
        if self._streams:
            told = await self._event()
            for stream in tuple(self._streams):
                if not stream.over:
                    stream.put(told)
                    await asyncio.sleep(0)


def event(name: str, value: object, number: float | None = None) -> bytes:
    """One server-sent event; JSON has no line break that is not escaped."""
    head = "" if number is None else f"id: {number:.3f}\n"
    return f"{head}event: {name}\ndata: ".encode() + document(value) + b"\n\n"
