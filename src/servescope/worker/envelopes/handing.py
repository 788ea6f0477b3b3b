"""A handler behind its envelopes. In: what the model's options say, and the handler; out, what a session calls in its place.

A batch is shared out: requests that have an envelope each are handled one by one, all others together, as they were before there
were envelopes. What is wrong with one share is no matter to the others. Called by `worker.__main__`.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from servescope.errors import ConfigurationError
from servescope.wire.messages import PROTOCOL_HEADER, V2_PROTOCOL, V2Tensors, Writing
from servescope.worker.envelopes.base import BaseEnvelope, ClientMistake, Row
from servescope.worker.envelopes.kservev2 import KServev2Envelope
from servescope.worker.envelopes.plain import BodyEnvelope, JSONEnvelope, KServeEnvelope
from servescope.worker.envelopes.v2 import V2Envelope
from servescope.worker.handler.context import Context
from servescope.worker.handler.loader import LoadedHandler
from servescope.worker.replies.failures import failure_of, report_failure
from servescope.worker.replies.json_text import AS_BEFORE
from servescope.worker.replies.outputs import checked_outputs
from servescope.worker.replies.refusal import Refusal

ENVELOPES: Mapping[str, type[BaseEnvelope]] = {
    "body": BodyEnvelope,
    "json": JSONEnvelope,
    "kserve": KServeEnvelope,
    "kservev2": KServev2Envelope,
}

Make = Callable[[], BaseEnvelope]


@dataclass(frozen=True)
class Share:
    """Requests of a batch that are handled together. `make`: their envelope, which remembers them; None: they have none."""

    indices: Sequence[int]
    make: Make | None


class Enveloping:
    """`plain`: the envelope of every request, but for those of the V2 protocol, whose it is `v2`. `alone`: as the plain one
    has it.
    """

    def __init__(self, handler: LoadedHandler, plain: Make | None, alone: bool, v2: Make | None) -> None:
        self._is_async = handler.is_async
        self._plain = plain
        self._alone = alone
        self._v2 = v2
        self._entry = handler.entry

    def handle(self, rows: list[Row], context: Context) -> Any:
        """One batch of a handler that is no coroutine, so that nothing here ever waits."""
        try:
            self.handle_async(rows, context).send(None)
        except StopIteration as done:
            return done.value
        raise RuntimeError("an ordinary handler waited")

    async def handle_async(self, rows: list[Row], context: Context) -> Any:
        """One batch. Where all of it is one share, it fails as a whole."""
        shares = self._shares(context, len(rows))
        if len(shares) == 1:
            try:
                return await self._call(shares[0], rows, context)
            except ClientMistake as mistake:
                if len(rows) == 1:
                    return [_refused(mistake)]
                shares = _one_by_one(shares[0])
        answers: list[Any] = [None] * len(rows)
        while shares:
            share = shares.pop()
            part, own = context.narrowed(share.indices), [rows[index] for index in share.indices]
            try:
                outputs = checked_outputs(await self._call(share, own, part), len(own))
            except ClientMistake as mistake:
                shares += _one_by_one(share) if len(own) > 1 else []
                outputs = [_refused(mistake)] * len(own)
            except Exception as error:  # whatever a handler raises is an answer
                outputs = _failed(error, part)
            for index, output in zip(share.indices, outputs, strict=True):
                answers[index] = output
        return answers

    async def _call(self, share: Share, rows: list[Row], context: Context) -> Any:
        results = (self._entry if share.make is None else share.make().handle)(rows, context)
        return await results if self._is_async and inspect.isawaitable(results) else results

    def _shares(self, context: Context, count: int) -> list[Share]:
        joined: list[int] = []
        shares: list[Share] = []
        for index, processor in enumerate(context.request_processor[:count]):
            if self._v2 is not None and processor.said_by_server(PROTOCOL_HEADER) == V2_PROTOCOL:
                shares.append(Share((index,), self._v2))
            elif self._alone:
                shares.append(Share((index,), self._plain))
            else:
                joined.append(index)
        return [*shares, Share(joined, self._plain)] if joined else shares


def _one_by_one(share: Share) -> list[Share]:
    """A mistake in one of several bodies is not the others': each by itself."""
    return [Share((index,), share.make) for index in share.indices]


def _refused(mistake: ClientMistake) -> Refusal:
    return Refusal(400, str(mistake), mistake=True)


def _failed(error: Exception, context: Context) -> list[Any]:
    """What each request of a share is told."""
    ids = list(context.request_ids.values())
    report_failure(error, ids)
    failure = failure_of(error)
    if failure.code == 200:  # a PredictionException may say so; its text is then the answer
        return [failure.message] * len(ids)
    return [Refusal(failure.code, failure.message, raised=failure.raised)] * len(ids)


def wrap(
    envelope: str,
    handler: LoadedHandler,
    writing: Writing = AS_BEFORE,
    v2: V2Tensors | None = None,
    version: str = "",
) -> LoadedHandler:
    """The handler behind the envelope that `service_envelope` names ("" for none), and behind KServe's V2 protocol where `v2`
    is given.

    Raises:
        ConfigurationError: there is no such envelope.
    """
    kind = ENVELOPES.get(envelope)
    if envelope and kind is None:
        raise ConfigurationError(f"service_envelope={envelope}: not one of {', '.join(ENVELOPES)}")
    plain: Make | None = None
    if kind is KServev2Envelope:
        plain = partial(KServev2Envelope, handler.entry, writing, v2 or V2Tensors())
    elif kind is not None:
        plain = partial(kind, handler.entry, writing)
    of_v2 = None if v2 is None else partial(V2Envelope, handler.entry, writing, v2, version)
    enveloping = Enveloping(handler, plain, kind is not None and kind.alone, of_v2)
    entry = enveloping.handle_async if handler.is_async else enveloping.handle
    return LoadedHandler(entry, handler.is_async, handler.raw_bodies)
