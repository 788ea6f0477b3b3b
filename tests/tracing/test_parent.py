"""The trace context that a request brings."""

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.trace import get_current_span

from servescope.tracing.parent import remote_context

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
VALID = f"00-{TRACE}-{SPAN}-01".encode()


def parent_of(*headers):
    return get_current_span(remote_context([(b"host", b"h"), *headers])).get_span_context()


def test_a_valid_traceparent_is_the_parent():
    """In any letter case of the name, with its flag and state."""
    parent = parent_of((b"TraceParent", VALID), (b"tracestate", b"a=1,b=2"), (b"Tracestate", b"c=3"))
    assert (f"{parent.trace_id:032x}", f"{parent.span_id:016x}") == (TRACE, SPAN)
    assert parent.is_remote
    assert parent.trace_flags.sampled
    assert parent.trace_state.to_header() == "a=1,b=2,c=3"


def test_the_sampled_flag_may_be_off():
    """The client then wants no spans."""
    assert not parent_of((b"traceparent", VALID[:-1] + b"0")).trace_flags.sampled


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"nonsense",
        VALID[:-1],
        VALID.upper(),
        VALID + b"-extra",
        b"ff" + VALID[2:],
        f"00-{'0' * 32}-{SPAN}-01".encode(),
        f"00-{TRACE}-{'0' * 16}-01".encode(),
        b"\xff" * 55,
        b"01" + VALID[2:] + b"-" + b"x" * 600,
    ],
)
def test_a_malformed_traceparent_is_ignored(value):
    """As the W3C demands: a new trace begins, and nothing is said."""
    assert not parent_of((b"traceparent", value)).is_valid


def test_two_traceparents_are_ignored():
    """Nobody can tell which is right."""
    assert not parent_of((b"traceparent", VALID), (b"traceparent", VALID)).is_valid


@pytest.mark.parametrize(
    "state", [b"novalue", b"A=1", b"a=1,a=2", b"a=" + b"x" * 600, b",".join(b"k%d=v" % i for i in range(33))]
)
def test_a_malformed_tracestate_is_dropped_and_the_parent_kept(state):
    """The one is no reason to lose the other."""
    parent = parent_of((b"traceparent", VALID), (b"tracestate", state))
    assert parent.is_valid
    assert not parent.trace_state


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parent=st.one_of(st.just(VALID), st.binary(max_size=80)),
    states=st.lists(
        st.one_of(st.binary(max_size=40), st.from_regex(rb"[a-c]=[a-z, =]{0,8}", fullmatch=True)), max_size=3
    ),
)
def test_no_client_fills_the_log(caplog, parent, states):
    """Whatever the two headers hold, nothing raises and no warning is written."""
    with caplog.at_level(logging.DEBUG):
        remote_context([(b"traceparent", parent), *((b"tracestate", state) for state in states)])
    # An exporter of another test may still be at its last try, on a thread of its own.
    assert [record for record in caplog.records if not record.name.startswith("opentelemetry.exporter")] == []
