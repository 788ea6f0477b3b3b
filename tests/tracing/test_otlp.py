"""The tracer over OpenTelemetry, with a real collector."""

import threading

import pytest

from servescope.tracing.otlp import OtlpTracer, open_otlp
from tracing.collector import collecting
from tracing.finished import STAGES, finished

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = (b"traceparent", f"00-{TRACE}-{SPAN}-01".encode())
UNSAMPLED = (b"traceparent", f"00-{TRACE}-{SPAN}-00".encode())


@pytest.fixture
def collector():
    with collecting() as running:
        yield running


@pytest.fixture
def tracer(collector):
    opened = open_otlp(f"{collector.base}/v1/traces")
    yield opened
    opened.close()


def test_a_request_without_a_parent_begins_a_trace(collector, tracer):
    """The server's span is the root and its stages are its children, by the clocks' offset in unix time."""
    tracer.begin([(b"host", b"h")]).finish(finished(request_id="root"))
    tracer.close()
    server, children = collector.trace_of("root")
    assert (server.parent, server.kind, server.status) == ("", "server", "unset")
    assert [child.name for child in children] == [name for name, seconds in STAGES.items() if seconds]
    assert {child.trace for child in children} == {server.trace}
    assert {child.kind for child in children} == {"internal"}
    assert len({span.id for span in (server, *children)}) == len(children) + 1
    assert server.end - server.start == 2 * 10**9
    assert collector.paths == ["/v1/traces"]


def test_times_are_unix_times(collector, tracer):
    """The offset between the clocks is taken when the span begins."""
    exporting = OtlpTracer(
        tracer._exporter._exporter, unix_ns=lambda: 7_000 * 10**9, monotonic_ns=lambda: 1_001 * 10**9
    )
    exporting.begin([]).finish(finished(request_id="timed"))
    exporting.close()
    server, _ = collector.trace_of("timed")
    assert (server.start, server.end) == (6_999 * 10**9, 7_001 * 10**9)


def test_the_clients_trace_goes_on(collector, tracer):
    """Its ids and state are taken over, and the span names the client's as its parent."""
    span = tracer.begin([PARENT, (b"tracestate", b"vendor=x")])
    span.finish(finished(request_id="child"))
    tracer.close()
    server, children = collector.trace_of("child")
    assert (server.trace, server.parent, server.state) == (TRACE, SPAN, "vendor=x")
    assert span.trace_id == TRACE
    assert span.header.decode() == f"00-{TRACE}-{server.id}-01"
    assert {child.state for child in children} == {"vendor=x"}


def test_what_the_client_does_not_sample_is_not_sent(collector, tracer):
    """The handler is told so too, and there is no exemplar."""
    span = tracer.begin([UNSAMPLED])
    assert span.trace_id == ""
    assert span.header.startswith(f"00-{TRACE}-".encode())
    assert span.header.endswith(b"-00")
    span.finish(finished(request_id="unsampled"))
    tracer.begin([PARENT]).finish(finished(request_id="sampled"))
    tracer.close()
    collector.trace_of("sampled")
    assert {span.attributes.get("servescope.request_id") for span in collector.spans} == {"sampled", None}


def test_a_new_traces_header_is_valid(tracer):
    """Version, ids and flags: sampled, and random by the W3C's second level."""
    version, trace, span, flags = tracer.begin([]).header.decode().split("-")
    assert (version, len(trace), len(span), flags) == ("00", 32, 16, "03")
    assert tracer.begin([]).trace_id != trace


def test_the_handlers_headers_name_the_servers_span(tracer):
    """The client's traceparent is replaced in whatever case it came; its state goes along; all others stay in order."""
    given = [
        (b"Host", b"h"),
        (b"TraceParent", PARENT[1]),
        (b"X-Other", b"1"),
        (b"TraceState", b"a=1"),
        (b"x-0123456", b"2"),
    ]
    span = tracer.begin(given)
    assert span.headers == [
        (b"Host", b"h"),
        (b"X-Other", b"1"),
        (b"x-0123456", b"2"),
        (b"traceparent", span.header),
        (b"tracestate", b"a=1"),
    ]
    assert len(given) == 5


def test_the_state_of_a_malformed_parent_is_not_handed_on(tracer):
    """It belongs to a trace that nobody knows."""
    span = tracer.begin([(b"traceparent", b"nonsense"), (b"tracestate", b"a=1")])
    assert span.headers == [(b"traceparent", span.header)]


@pytest.mark.parametrize(
    ("sampler", "sampled"), [("always_off", False), ("always_on", True), ("parentbased_always_off", True)]
)
def test_the_sampler_is_opentelemetrys_variable(monkeypatch, tracer, sampler, sampled):
    """With a sampled parent: parentbased follows it, the others do not."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    other = OtlpTracer(tracer._exporter._exporter)
    assert bool(other.begin([PARENT]).trace_id) is sampled
    other.close()


def test_a_ratio_of_new_traces_is_sampled(monkeypatch, tracer):
    """By OTEL_TRACES_SAMPLER_ARG."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    other = OtlpTracer(tracer._exporter._exporter)
    assert {bool(other.begin([]).trace_id) for _ in range(200)} == {True, False}
    other.close()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, {"service.name": "servescope"}),
        ({"OTEL_SERVICE_NAME": "mine"}, {"service.name": "mine"}),
        (
            {"OTEL_RESOURCE_ATTRIBUTES": "service.name=theirs,deployment.environment.name=test"},
            {"service.name": "theirs", "deployment.environment.name": "test"},
        ),
    ],
)
def test_the_resource_is_opentelemetrys_variables(monkeypatch, collector, variables, expected):
    """The service is servescope where they do not say otherwise."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    tracer = open_otlp(f"{collector.base}/v1/traces")
    tracer.begin([]).finish(finished(request_id="named"))
    tracer.close()
    server, _ = collector.trace_of("named")
    assert expected.items() <= server.resource.items()
    assert server.resource["telemetry.sdk.name"] == "opentelemetry"


def test_headers_for_the_collector_are_opentelemetrys_variable(monkeypatch, collector):
    """A hosted collector wants a key."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret")
    tracer = open_otlp(f"{collector.base}/v1/traces")
    tracer.begin([]).finish(finished(request_id="keyed"))
    tracer.close()
    collector.trace_of("keyed")
    assert collector.headers[0]["api-key"] == "secret"


def test_requests_of_one_batch_have_spans_of_their_own(collector, tracer):
    """Each in its own trace."""
    spans = [tracer.begin([]) for _ in range(4)]
    for number, span in enumerate(spans):
        span.finish(finished(request_id=f"b{number}"))
    tracer.close()
    traces = [collector.trace_of(f"b{number}") for number in range(4)]
    assert [server.trace for server, _ in traces] == [span.trace_id for span in spans]
    assert all(len(children) == 5 for _, children in traces)


def test_the_end_does_not_wait_for_a_collector_that_is_stuck(caplog):
    """It holds the connection and never answers: the wait ends while it still does, and the loss is said."""
    with collecting(stalled=True) as collector:
        tracer = open_otlp(f"{collector.base}/v1/traces")
        tracer.begin([]).finish(finished())
        closing = threading.Thread(target=tracer.close, args=(0.2,), daemon=True)
        closing.start()
        assert collector.asked.wait(30)
        closing.join(30)
        assert not closing.is_alive()
        assert collector.spans == []
        assert "The last traces are lost" in caplog.text


def test_the_end_does_not_wait_for_a_collector_that_is_gone(caplog):
    """Nobody listens there: a wait for the next attempt is cut short, and what is lost is said."""
    with collecting() as collector:
        url = f"{collector.base}/v1/traces"
    tracer = open_otlp(url)
    tracer.begin([]).finish(finished())
    closing = threading.Thread(target=tracer.close, args=(0.2,), daemon=True)
    closing.start()
    closing.join(30)
    assert not closing.is_alive()
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
