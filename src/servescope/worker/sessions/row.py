"""One request of a running batch: what the handler is given of it at each step, and what it has had. Held by `continuous`."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from servescope.wire.messages import Batch, Part, Reply, Request
from servescope.worker.replies.failures import Failure
from servescope.worker.requests.processor import RequestProcessor
from servescope.worker.requests.rows import bodies_of, read_requests


class Row(Struct):
    """`body`: what travelled beside its message, until the first step. `steps`, `seconds`: what it has had, by stage. `started`:
    CLOCK_MONOTONIC seconds when its first step began.
    """

    batch_id: int
    request: Request
    body: bytearray
    steps: int = 0
    started: float = 0.0
    seconds: dict[str, float] = {}

    @property
    def alone(self) -> bool:
        """Whether the model is asked to describe itself, which no other request has to do with."""
        return self.request.extra.get("describe") == "True"

    def enter(self, now: float, decode: bool) -> tuple[dict[str, Any], RequestProcessor]:
        """A step begins: its data, which is empty after the first, as in TorchServe, and its headers."""
        request = self.request
        if self.steps:
            return {}, RequestProcessor(request.headers, request.extra)
        self.started = now
        (data,), (processor,) = read_requests([request], bodies_of(self.body), decode)
        self.body = bytearray()
        return data, processor

    def stepped(self, seconds: Mapping[str, float]) -> None:
        """It has had a step, which took so long, by stage."""
        self.steps += 1
        for stage, took in seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + took

    def piece(self, part: Part) -> Reply:
        """A piece of its answer, and it goes on."""
        return Reply(self.batch_id, False, 200, "", [part], self.started, {})

    def answer(self, part: Part) -> Reply:
        """The last of its answer."""
        return Reply(self.batch_id, True, 200, "", [part], self.started, self.seconds)

    def failed(self, failure: Failure) -> Reply:
        """There is no answer, or no more of it."""
        told = (failure.deliberate, failure.raised)
        return Reply(self.batch_id, True, failure.code, failure.message, [], self.started, self.seconds, None, *told)


def row_of(batch: Batch, body: bytearray) -> Row:
    """The row of a batch of one, as all are for such a worker."""
    (request,) = batch.requests
    return Row(batch.id, request, body)
