"""A collector for tests: a real HTTP server that takes OTLP's protobuf and keeps the spans. `stalled`: it answers nobody."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATIENCE_S = 30.0
KINDS = {1: "internal", 2: "server"}
STATUSES = {0: "unset", 2: "error"}


class Span(NamedTuple):
    """A span as it came in; ids in hexadecimal, `parent` "" for none, times in unix nanoseconds. `told`: its events' attributes."""

    trace: str
    id: str
    parent: str
    state: str
    name: str
    kind: str
    start: int
    end: int
    attributes: dict[str, Any]
    status: str
    events: list[str]
    told: list[dict[str, Any]]
    schema: str
    resource: dict[str, Any]


class Collector:
    """The spans that have come in. `paths`: of the requests that brought them."""

    def __init__(self, port: int = 0, *, stalled: bool = False) -> None:
        self.spans: list[Span] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.asked = threading.Event()
        self.release = threading.Event()
        if not stalled:
            self.release.set()
        self._news = threading.Condition()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def base(self) -> str:
        """Its URL, without a path."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Keep what a request brought."""
        with self._news:
            self.paths.append(path)
            self.headers.append(headers)
            self.spans += _spans(ExportTraceServiceRequest.FromString(body))
            self._news.notify_all()

    def trace_of(self, request_id: str) -> tuple[Span, list[Span]]:
        """Wait for a request's spans: the server's, and its children in order."""

        def found() -> "Span | None":
            servers = (span for span in self.spans if span.kind == "server")
            return next((s for s in servers if s.attributes.get("servescope.request_id") == request_id), None)

        with self._news:
            assert self._news.wait_for(found, PATIENCE_S), f"no span of {request_id}: {self.spans}"
        server = found()
        assert server is not None
        return server, [span for span in self.spans if span.parent == server.id]

    def close(self) -> None:
        """Let go of whoever waits, and end."""
        self.release.set()
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def collecting(*, stalled: bool = False) -> Iterator[Collector]:
    """A collector for a while."""
    collector = Collector(stalled=stalled)
    try:
        yield collector
    finally:
        collector.close()


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collector.asked.set()
            collector.release.wait(PATIENCE_S)
            collector.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _spans(message: ExportTraceServiceRequest) -> Iterator[Span]:
    for group in message.resource_spans:
        resource = _attributes(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                yield Span(
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.trace_state,
                    span.name,
                    KINDS[span.kind],
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    _attributes(span.attributes),
                    STATUSES[span.status.code],
                    [event.name for event in span.events],
                    [_attributes(event.attributes) for event in span.events],
                    scope.schema_url,
                    resource,
                )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
