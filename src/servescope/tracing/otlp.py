"""Tracing by OpenTelemetry: in, request headers and finished requests; out, spans by OTLP over HTTP, in batches, on a thread.

Opened by `setup`, which alone imports it. Sampler, resource, batches, headers and certificates are OpenTelemetry's own
variables, read by its SDK. The SDK's own tracer is passed by: it would make eight spans a request on the loop's thread.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags, get_current_span
from opentelemetry.util.types import Attributes

from servescope import __version__
from servescope.tracing.export import FinishedTrace, RequestExporter
from servescope.tracing.finished import FinishedAttempt, FinishedRequest
from servescope.tracing.parent import remote_context
from servescope.tracing.spans import SCHEMA_URL

logger = logging.getLogger("servescope.tracing")

DEFAULT_SERVICE = "servescope"
CLOSE_WAIT_S = 5.0
SAMPLED_NAME = "prediction"  # what a sampler is told of every span: the route is not settled when it must decide

_SAMPLED = 0x01
_RANDOM = 0x02  # W3C level 2: the trace id is random, so that others may sample by it


class ServiceResource(Resource):
    """A resource that knows its hash. The encoder asks for it with each span, where `Resource` makes JSON of itself each time."""

    def __init__(self, resource: Resource) -> None:
        super().__init__(resource.attributes, resource.schema_url)
        self._own_hash = super().__hash__()

    def __hash__(self) -> int:
        return self._own_hash


def service_resource() -> ServiceResource:
    """What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say; the service is `servescope` where they do not name it."""
    resource = Resource.create({})
    if str(resource.attributes.get(SERVICE_NAME, "unknown_service")).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: DEFAULT_SERVICE}))
    return ServiceResource(resource)


def open_otlp(url: str) -> "OtlpTracer":
    """A tracer that posts to `url`. Its thread starts at once, its connection with the first spans."""
    return OtlpTracer(OTLPSpanExporter(endpoint=url))


class OtlpRequestSpan:
    """See `tracer.RequestSpan`."""

    __slots__ = ("_client_headers", "_extra", "_offset_ns", "_own", "_parent", "_tracer", "header", "trace_id")

    def __init__(
        self,
        tracer: "OtlpTracer",
        own: SpanContext,
        parent: SpanContext | None,
        offset_ns: int,
        extra: Attributes,
        client_headers: Sequence[tuple[bytes, bytes]],
    ) -> None:
        trace_id = f"{own.trace_id:032x}"
        self.header = f"00-{trace_id}-{own.span_id:016x}-{own.trace_flags:02x}".encode("ascii")
        self.trace_id = trace_id if own.trace_flags & _SAMPLED else ""
        self._tracer = tracer
        self._own = own
        self._parent = parent
        self._offset_ns = offset_ns
        self._extra = extra
        self._client_headers = client_headers

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """See `tracer.RequestSpan`."""
        kept = [pair for pair in self._client_headers if len(pair[0]) not in (10, 11) or not _is_trace_header(pair[0])]
        kept.append((b"traceparent", self.header))
        if self._own.trace_state:
            kept.append((b"tracestate", self._own.trace_state.to_header().encode("latin-1")))
        return kept

    def part(self) -> "OtlpRequestSpan":
        """See `tracer.RequestSpan`."""
        own = SpanContext(
            self._own.trace_id, self._tracer.new_span_id(), False, self._own.trace_flags, self._own.trace_state
        )
        return OtlpRequestSpan(self._tracer, own, self._own, self._offset_ns, {}, self._client_headers)

    def finish(self, request: FinishedRequest | FinishedAttempt) -> None:
        """See `tracer.RequestSpan`."""
        if self.trace_id:
            self._tracer.send(self._own, self._parent, request, self._offset_ns, self._extra)


def _is_trace_header(name: bytes) -> bool:
    return name.lower() in (b"traceparent", b"tracestate")


class OtlpTracer:
    """See `tracer.Tracer`. The clocks are unix and monotonic nanoseconds."""

    def __init__(
        self,
        exporter: SpanExporter,
        unix_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        # The provider only reads the variables: its sampler and its ids are used, its tracers are not.
        provider = TracerProvider(resource=service_resource(), shutdown_on_exit=False)
        self._resource = provider.resource
        self._sampler = provider.sampler
        self._ids = provider.id_generator
        self._exporter = RequestExporter(
            exporter, self._ids, InstrumentationScope("servescope", __version__, SCHEMA_URL)
        )
        self._processor = BatchSpanProcessor(self._exporter)
        self._unix_ns = unix_ns
        self._monotonic_ns = monotonic_ns

    def begin(self, headers: Sequence[tuple[bytes, bytes]]) -> OtlpRequestSpan:
        """See `tracer.Tracer`. The clocks are compared here, so that one request's times are never torn by a clock set anew."""
        offset_ns = self._unix_ns() - self._monotonic_ns()
        context = remote_context(headers)
        found = get_current_span(context).get_span_context()
        parent = found if found.is_valid else None
        if parent is None:
            trace_id, flags = self._ids.generate_trace_id(), _RANDOM
        else:
            trace_id, flags = parent.trace_id, parent.trace_flags & _RANDOM
        sampled = self._sampler.should_sample(context, trace_id, SAMPLED_NAME, SpanKind.SERVER)
        if sampled.decision is Decision.RECORD_AND_SAMPLE:
            flags |= _SAMPLED
        span_id = self._ids.generate_span_id()
        own = SpanContext(trace_id, span_id, False, TraceFlags(flags), sampled.trace_state)
        return OtlpRequestSpan(self, own, parent, offset_ns, sampled.attributes, headers)

    def new_span_id(self) -> int:
        """The id of a span that is a part of another."""
        return self._ids.generate_span_id()

    def send(
        self,
        own: SpanContext,
        parent: SpanContext | None,
        request: FinishedRequest | FinishedAttempt,
        offset_ns: int,
        extra: Attributes,
    ) -> None:
        """Put a finished request into the queue; when that is full the oldest is dropped, and the SDK logs it."""
        self._processor.on_end(FinishedTrace(own, parent, self._resource, request, offset_ns, extra))

    def close(self, wait_s: float = CLOSE_WAIT_S) -> None:
        """See `tracer.Tracer`. `wait_s`: seconds that the collector gets for what is left; then it is dropped, with a warning."""
        # On a thread, because the SDK's own wait is 30 s and cannot be shortened.
        flush = threading.Thread(target=self._processor.shutdown, name="traces-flush", daemon=True)
        flush.start()
        flush.join(wait_s)
        if flush.is_alive():
            logger.warning("The last traces are lost: the collector took none of them within %g s", wait_s)
            self._exporter.shutdown()
