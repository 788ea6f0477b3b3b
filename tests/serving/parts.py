"""A model version put together from real parts over scripted workers, for the tests of serving and of its reports."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from fleet.scripted import Fleet, Life, Script, obliging
from servescope.archive.manifest import Manifest
from servescope.archive.reader import Archive
from servescope.config.model.options import ModelOptions
from servescope.errors import ServescopeError
from servescope.fleet.gpus import ModelDevices
from servescope.serving.activator import Activator
from servescope.serving.model import Model
from servescope.serving.queue.dispatcher import Dispatcher
from servescope.serving.queue.job import Job
from servescope.serving.queue.queueing import QueueOptions
from servescope.wire.frames import MAX_LENGTH
from servescope.wire.messages import Batch, Field, Request


class Answer(NamedTuple):
    """What a client was told."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Call:
    """A client with its job. `future`: the whole answer or the first piece; `pieces`: what was streamed; `end`: how that ended."""

    def __init__(self, request: Request, attachments: list[bytes], label: str, alone: bool) -> None:
        self.future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.pieces: list[bytes] = []
        self.end: ServescopeError | bool | None = None
        self.job = Job(request, attachments, label, 0.0, self, alone=alone)

    def answered(self, status: int, headers: Mapping[str, str], body: bytes | memoryview) -> None:
        self.future.set_result(Answer(status, headers, bytes(body)))

    def streamed(self, status: int, headers: Mapping[str, str], piece: bytes | memoryview, final: bool) -> None:
        if not self.future.done():
            self.answered(status, headers, piece)
        self.pieces.append(bytes(piece))
        self.end = final or None

    def failed(self, error: ServescopeError) -> None:
        if self.pieces:
            self.end = error
        else:
            self.future.set_exception(error)


def job(request_id: str, *, label: str = "default", alone: bool = False, body: bytes = b"") -> Call:
    """A request without headers; a `body` travels beside the message."""
    fields = [Field("body", "", len(body))] if body else []
    return Call(Request(request_id, [], {}, fields), [body] if body else [], label, alone)


class Served(Fleet):
    """A pool with its dispatcher. Delays in ms."""

    def __init__(
        self,
        script: Script = obliging,
        *,
        workers: int = 1,
        capacity: int = 100,
        batch_size: int = 1,
        delay_ms: int = 0,
        client_ms: int = 0,
        response_s: float = 120.0,
        window_s: float = 300.0,
        at_once: int = sys.maxsize,
        frame_limit: int = MAX_LENGTH,
        devices: ModelDevices | None = None,
    ) -> None:
        super().__init__(script, response_s=response_s, window_s=window_s, devices=devices, at_once=at_once)
        options = QueueOptions(capacity, batch_size, delay_ms, client_ms)
        self.dispatcher = Dispatcher("m", options, self.pool, self.recorder, self.model_recorder, frame_limit)
        self.pool.events = self.dispatcher
        self.pool.grow(workers)

    def submit(self, *names: str, **options: object) -> list[Call]:
        """Submit one job for each name."""
        calls = [job(name, **options) for name in names]  # type: ignore[arg-type]
        for call in calls:
            self.dispatcher.submit(call.job)
        return calls

    def rejected(self, why: str) -> float:
        """How many requests were turned away for this reason."""
        return self.count("servescope_rejected_total", "m", "1.0", why)


def ids(batch: Batch) -> str:
    """The request ids of a batch, one after the other."""
    return "".join(request.id for request in batch.requests)


def sent(life: Life) -> list[str]:
    """The batches that a worker was sent, as `ids`."""
    return [ids(batch) for batch in life.batches]


def model_of(name: str = "m", version: str = "1.0", *, served: Served | None = None, **options: object) -> Model:
    """A registered model version with one worker, at startup; `options` are ModelOptions'."""
    served = served or Served()
    manifest = Manifest(name, version)
    archive = Archive(manifest, Path("/none"), f"{name}.mar", Path("/none"), None, owned=False)
    settings = {"min_workers": 1, "max_workers": 1} | options
    model = Model(
        name,
        version,
        "python",
        archive,
        ModelOptions(**settings),  # type: ignore[arg-type]
        served.pool,
        served.dispatcher,
        served.model_recorder,
        True,
    )
    served.dispatcher.gate.activation = Activator(model)
    return model
