"""Finished requests become spans: in, `FinishedTrace`s off the batch processor's queue; out, spans to the real exporter.

Runs on the batch processor's thread, so that a request costs the loop's thread its ids and one append. That thread holds the
interpreter's lock while it makes and encodes spans, and the loop would wait up to 5 ms for it each time it comes back from the
kernel; so it lets go of it after every few spans.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import overload

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode
from opentelemetry.util.types import AnyValue, Attributes

from servescope.tracing.finished import FinishedAttempt, FinishedRequest
from servescope.tracing.spans import SpanData, attempt_span, server_span, stage_spans

MOST_SPANS = 256
SPANS_AT_ONCE = 6  # takes 0.1 ms to encode on a fast machine, 0.4 ms on a slow one
PAUSE_S = 50e-6

_ERROR = Status(StatusCode.ERROR)
_UNSET = Status(StatusCode.UNSET)


class FinishedTrace(ReadableSpan):
    """A finished request with its ids: a span only so far as the batch processor asks, which looks whether it is sampled.

    `offset_ns`: unix less monotonic nanoseconds. `extra`: attributes that the sampler wants on the server's span.
    """

    def __init__(
        self,
        context: SpanContext,
        parent: SpanContext | None,
        resource: Resource,
        request: FinishedRequest | FinishedAttempt,
        offset_ns: int,
        extra: Attributes,
    ) -> None:
        super().__init__("", context, parent, resource)
        self.request = request
        self.offset_ns = offset_ns
        self.extra = extra


def let_go() -> None:
    """Give the interpreter's lock to whoever waits for it: a sleep of 0 would often take it back first."""
    time.sleep(PAUSE_S)


class PacedSpans(Sequence[ReadableSpan]):
    """Spans for an encoder, which goes through them once: it is made to pause after every `SPANS_AT_ONCE`."""

    def __init__(self, spans: Sequence[ReadableSpan], pause: Callable[[], None]) -> None:
        self._spans = spans
        self._pause = pause

    def __len__(self) -> int:
        return len(self._spans)

    @overload
    def __getitem__(self, index: int) -> ReadableSpan: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[ReadableSpan]: ...

    def __getitem__(self, index: int | slice) -> ReadableSpan | Sequence[ReadableSpan]:
        return self._spans[index]

    def __iter__(self) -> Iterator[ReadableSpan]:
        for number, span in enumerate(self._spans, 1):
            yield span
            if number % SPANS_AT_ONCE == 0:
                self._pause()


class RequestExporter(SpanExporter):
    """Turns each finished request into its spans, and gives these to `exporter`, at most `MOST_SPANS` at a time.

    `pause` lets other threads run.
    """

    def __init__(
        self,
        exporter: SpanExporter,
        ids: IdGenerator,
        scope: InstrumentationScope,
        pause: Callable[[], None] = let_go,
    ) -> None:
        self._exporter = exporter
        self._pause = pause
        self._ids = ids
        self._scope = scope
        self._ending = threading.Lock()
        self._ended = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See `SpanExporter`. Requests that are left when the server ends its wait are dropped."""
        made: list[ReadableSpan] = []
        sent = True
        for trace in spans:
            if isinstance(trace, FinishedTrace):
                made += self._spans(trace)
                self._pause()
            if len(made) >= MOST_SPANS:
                sent &= self._send(made)
                made = []
        sent &= self._send(made)
        return SpanExportResult.SUCCESS if sent else SpanExportResult.FAILURE

    def _send(self, spans: Sequence[ReadableSpan]) -> bool:
        if not spans:
            return True
        if self._ended:
            return False
        return self._exporter.export(PacedSpans(spans, self._pause)) is SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """See `SpanExporter`. Ends an export's wait for its next attempt. A second call does nothing."""
        with self._ending:
            ended, self._ended = self._ended, True
        if not ended:
            self._exporter.shutdown()

    def _spans(self, trace: FinishedTrace) -> Iterator[ReadableSpan]:
        context = trace.context
        if isinstance(trace.request, FinishedAttempt):
            data, kind = attempt_span(trace.request, trace.offset_ns), SpanKind.INTERNAL
        else:
            data, kind = server_span(trace.request, trace.offset_ns), SpanKind.SERVER
        yield self._span(trace, data, context, trace.parent, kind, trace.extra or {})
        for stage in stage_spans(trace.request, trace.offset_ns):
            own = SpanContext(
                context.trace_id, self._ids.generate_span_id(), False, context.trace_flags, context.trace_state
            )
            yield self._span(trace, stage, own, context, SpanKind.INTERNAL, {})

    def _span(
        self,
        trace: FinishedTrace,
        data: SpanData,
        context: SpanContext,
        parent: SpanContext | None,
        kind: SpanKind,
        extra: Mapping[str, AnyValue],
    ) -> ReadableSpan:
        return ReadableSpan(
            data.name,
            context,
            parent,
            trace.resource,
            {**extra, **data.attributes},
            [Event(data.event.name, data.event.attributes, data.end_ns)] if data.event else (),
            kind=kind,
            status=_ERROR if data.failed else _UNSET,
            start_time=data.start_ns,
            end_time=data.end_ns,
            instrumentation_scope=self._scope,
        )
