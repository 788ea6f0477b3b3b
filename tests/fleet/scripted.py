"""A backend whose workers live in the test: each `Life` is one process, and a script decides what it answers.

It keeps to the promises of `fleet.launch`: `kill` brings `ended`, later and once; nothing is sent after the end.
"""

import asyncio
import itertools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from metrics.series import series
from servescope.fleet.gpus import GpuCounter, ModelDevices
from servescope.fleet.keeper import PoolOptions
from servescope.fleet.launch import LaunchPlan, WorkerEvents
from servescope.fleet.pool import Pool, PoolContext
from servescope.metrics.foreign.passthrough import PassThrough
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.wire.frames import Attachments, Buffer
from servescope.wire.measured.reading import MeasuredReader
from servescope.wire.messages import (
    Batch,
    Cancel,
    EngineStats,
    FromWorker,
    Load,
    Loaded,
    Part,
    Reply,
    ServedModel,
    Stop,
    Tokens,
    ToWorker,
)

TINY = ServedModel("tiny", "/models/tiny", None, 256)
Script = Callable[["Life", ToWorker], None]


class Life:
    """One launched worker: what it was sent, and the means to answer."""

    def __init__(self, pid: int, plan: LaunchPlan, events: WorkerEvents, script: Script) -> None:
        self.pid = pid
        self.plan = plan
        self.sent: list[ToWorker] = []
        self.bodies: list[bytes] = []
        self.over = False
        self.killed = False
        self._events = events
        self._script = script
        self._loop = asyncio.get_running_loop()
        self.launched_at = self._loop.time()

    def send(self, message: ToWorker, attachments: Sequence[Buffer] = ()) -> None:
        if not self.over:
            self.sent.append(message)
            self.bodies += map(bytes, attachments)
            self._loop.call_soon(self._script, self, message)

    elsewhere = None

    def kill(self) -> None:
        self.killed = True
        self.die(-9)

    def die(self, status: int) -> None:
        """End with this status."""
        if not self.over:
            self.over = True
            self._loop.call_soon(self._events.ended, status)

    def lose(self, why: str, reason: "asyncio.Future[str]") -> None:
        """End as one that is lost, for a reason that is known later."""
        self.over = True
        self._loop.call_soon(self._events.ended, -9, why, reason)

    def say(self, message: FromWorker, attachments: bytes = b"") -> None:
        """Send to the front end."""
        self._events.message_received(message, Attachments(memoryview(attachments)))

    def measure(self, reader: MeasuredReader) -> None:
        """Let the front end read what this life's handler writes."""
        self._events.metrics_offered(reader)

    def line(self, stream: str, text: str) -> None:
        self._events.line_received(stream, text)

    def load(
        self,
        code: int = 200,
        text: str = "",
        concurrent: bool = False,
        served: Sequence[ServedModel] = (),
    ) -> None:
        self.say(Loaded(code, text, concurrent, list(served)))

    def answer(
        self,
        batch: Batch,
        final: bool = True,
        body: bytes | None = None,
        tokens: Tokens | None = None,
        started: float = 0.0,
        status: int = 200,
    ) -> None:
        """Answer every request with its id, or with `body`."""
        parts = [Part(status, {}, request.id.encode() if body is None else body) for request in batch.requests]
        stages = {"prediction": 0.001} if final else {}
        self.say(Reply(batch.id, final, 200, "", parts, started, stages, tokens))

    def fail(
        self, batch: Batch, code: int, text: str, tokens: Tokens | None = None, *, deliberate: bool = False
    ) -> None:
        self.say(Reply(batch.id, True, code, text, [], 0.0, {}, tokens, deliberate))

    def report(self, running: int = 0, waiting: int = 0, kv_cache: float = 0.0, preemptions: int = 0) -> None:
        """Say how the engine is."""
        self.say(EngineStats(running, waiting, kv_cache, preemptions))

    @property
    def batches(self) -> list[Batch]:
        """The batches that it was sent."""
        return [message for message in self.sent if isinstance(message, Batch)]

    @property
    def cancelled(self) -> list[str]:
        """The requests that it was told to cancel."""
        return [message.request_id for message in self.sent if isinstance(message, Cancel)]


def obliging(life: Life, message: ToWorker) -> None:
    """A good worker: loads, answers at once, stops when told."""
    if isinstance(message, Batch):
        life.answer(message)
    else:
        silent(life, message)


def silent(life: Life, message: ToWorker) -> None:
    """Loads and stops, but leaves the answers to the test."""
    if isinstance(message, Load):
        life.load()
    elif isinstance(message, Stop):
        life.die(0)


def concurrent(life: Life, message: ToWorker) -> None:
    """As `silent`, with an asynchronous handler."""
    if isinstance(message, Load):
        life.load(concurrent=True)
    else:
        silent(life, message)


def talking(life: Life, message: ToWorker) -> None:
    """As `concurrent`, with a language model."""
    if isinstance(message, Load):
        life.load(concurrent=True, served=[TINY])
    else:
        silent(life, message)


def mute(life: Life, message: ToWorker) -> None:
    """Never says anything, and does nothing that it is told."""


def crashing(life: Life, message: ToWorker) -> None:
    """Exits while it loads."""
    life.die(3)


class ScriptedBackend:
    """Launches lives. `error`: raised in place of a launch. `pause`: a launch waits for it, and `launching` hears of its worker."""

    def __init__(self, script: Script = obliging) -> None:
        self.script = script
        self.lives: list[Life] = []
        self.error: BaseException | None = None
        self.pause: asyncio.Event | None = None
        self.launching: list[WorkerEvents] = []

    async def launch(self, plan: LaunchPlan, directory: Path, events: WorkerEvents) -> Life:
        if self.pause is not None:
            self.launching.append(events)
            await self.pause.wait()
        if self.error is not None:
            raise self.error
        life = Life(1000 + len(self.lives), plan, events, lambda life, message: self.script(life, message))
        self.lives.append(life)
        return life


def plan_of(name: str = "m", version: str = "1.0", at_once: int = sys.maxsize) -> LaunchPlan:
    """A model's launch plan."""
    load = Load(name, version, "/none", {}, "h", "", 1, None, True, True, True, [])
    return LaunchPlan(load, "python", {"A": "1"}, 0, at_once)


class Fleet:
    """A pool over a scripted backend, and what came out of it. To be made while the loop runs."""

    def __init__(
        self,
        script: Script = obliging,
        *,
        response_s: float = 120.0,
        startup_s: float = 60.0,
        window_s: float = 300.0,
        retirement_s: float = 600.0,
        devices: ModelDevices | None = None,
        at_once: int = sys.maxsize,
    ) -> None:
        self.backend = ScriptedBackend(script)
        self.registry = Registry()
        self.recorder = Recorder(self.registry, "h")
        self.oom = False
        self.model_recorder = self.recorder.model("m", "1.0")
        self.lines: list[tuple[str, str, str, list[str]]] = []
        numbers = itertools.count(9000)
        context = PoolContext(
            self.backend,
            self.recorder,
            PassThrough(self.registry),
            numbers.__next__,
            lambda *line: self.lines.append(line),
            lambda: self.oom,
        )
        options = PoolOptions(response_s, startup_s, window_s, retirement_s)
        devices = devices or ModelDevices(GpuCounter(0), "cpu", None, 0)
        self.pool = Pool(plan_of(at_once=at_once), Path("/none"), devices, options, context)

    @property
    def lives(self) -> list[Life]:
        return self.backend.lives

    def count(self, name: str, *labels: str) -> float:
        """The value of one series, 0 without it."""
        return series(self.registry, name).get(labels, 0.0)
