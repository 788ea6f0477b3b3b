"""Finished requests on their way to the exporter."""

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, StatusCode, TraceFlags

from servescope.tracing.export import MOST_SPANS, SPANS_AT_ONCE, FinishedTrace, RequestExporter
from tracing.finished import finished

CONTEXT = SpanContext(1, 2, False, TraceFlags(1))


class Recording(SpanExporter):
    """Keeps what it is given; `fails`: the numbers of the calls that do."""

    def __init__(self, fails=()):
        self.batches = []
        self.ends = 0
        self.fails = fails

    def export(self, spans):
        self.batches.append(list(spans))
        return SpanExportResult.FAILURE if len(self.batches) in self.fails else SpanExportResult.SUCCESS

    def shutdown(self):
        self.ends += 1


def exporter_over(inner):
    return RequestExporter(inner, RandomIdGenerator(), InstrumentationScope("servescope", "1"))


def trace_of(extra=None, **changes):
    return FinishedTrace(CONTEXT, None, Resource({}), finished(**changes), 0, extra)


def test_batches_of_spans_are_bounded():
    """However many requests come at once."""
    inner = Recording()
    assert exporter_over(inner).export([trace_of()] * 200) is SpanExportResult.SUCCESS
    sizes = [len(batch) for batch in inner.batches]
    assert sum(sizes) == 200 * 6
    assert max(sizes) < MOST_SPANS + 6
    assert len({id(span) for batch in inner.batches for span in batch}) == 200 * 6


def test_the_thread_lets_others_run():
    """After each request that it makes spans of, and between the spans that it encodes."""
    pauses = []
    inner = Recording()
    exporter = RequestExporter(
        inner, RandomIdGenerator(), InstrumentationScope("servescope", "1"), lambda: pauses.append(len(inner.batches))
    )
    exporter.export([trace_of()] * 10)
    assert pauses == [0] * 10 + [0] * (60 // SPANS_AT_ONCE)
    (spans,) = inner.batches
    assert len(spans) == 60


def test_a_failed_batch_does_not_keep_back_the_next():
    """The failure is reported when all was tried."""
    inner = Recording(fails={1})
    assert exporter_over(inner).export([trace_of()] * 200) is SpanExportResult.FAILURE
    assert len(inner.batches) > 1


def test_after_the_end_nothing_more_is_sent():
    """A second end, which the batch processor's would be, does nothing."""
    inner = Recording()
    exporter = exporter_over(inner)
    exporter.shutdown()
    exporter.shutdown()
    assert exporter.export([trace_of()]) is SpanExportResult.FAILURE
    assert (inner.ends, inner.batches) == (1, [])


@pytest.mark.parametrize(
    ("status", "code"), [(200, StatusCode.UNSET), (400, StatusCode.UNSET), (500, StatusCode.ERROR)]
)
def test_the_spans_status_follows_the_answers(status, code):
    """On the server's span alone."""
    inner = Recording()
    exporter_over(inner).export([trace_of(status=status)])
    server, *stages = inner.batches[0]
    assert (server.kind, server.status.status_code) == (SpanKind.SERVER, code)
    assert {stage.status.status_code for stage in stages} == {StatusCode.UNSET}


def test_a_client_that_left_is_an_event():
    """At the span's end."""
    inner = Recording()
    exporter_over(inner).export([trace_of(status=499)])
    (event,) = inner.batches[0][0].events
    assert (event.name, event.timestamp) == ("client_disconnected", 1002 * 10**9)


def test_a_samplers_attributes_are_kept():
    """They say how many traces one stands for."""
    inner = Recording()
    exporter_over(inner).export([trace_of({"sampling.probability": 0.1})])
    assert inner.batches[0][0].attributes["sampling.probability"] == 0.1
