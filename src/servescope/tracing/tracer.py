"""What `web` knows of tracing: a `Tracer` begins a `RequestSpan` for each prediction, and is told how it ended.

`setup` opens the tracer, `otlp` is the only one there is. Where tracing is off the tracer is None, and nobody calls anything.
"""

from collections.abc import Sequence
from typing import Protocol

from servescope.tracing.finished import FinishedAttempt, FinishedRequest

Headers = Sequence[tuple[bytes, bytes]]


class RequestSpan(Protocol):
    """The server's span of one request, or of a part of it, until it is finished. Used on the loop's thread; nothing here blocks or
    raises.
    """

    @property
    def header(self) -> bytes:
        """The value of `traceparent` for whoever works on the request next: names this span and says whether it is sampled."""

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The client's headers with `header` as their only traceparent, and no tracestate that belongs to another trace."""

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits, "" where the trace is not sampled: a metric's exemplar. Then `finish` need not be called."""

    def part(self) -> "RequestSpan":
        """A span below this one, of an attempt of a workflow's node."""

    def finish(self, request: FinishedRequest | FinishedAttempt) -> None:
        """The request is over; called once. The spans are made and sent on another thread."""


class Tracer(Protocol):
    """Makes request spans and sends them away."""

    def begin(self, headers: Headers) -> RequestSpan:
        """A span for the request with these headers, names in any case. A traceparent among them is honoured if it is valid."""

    def close(self) -> None:
        """Send what is left. Blocks, for some seconds at most: call it off the loop's thread, once no request is open."""
