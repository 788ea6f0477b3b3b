"""Recorded traces: lengths of requests, or requests a minute."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import ConfigurationError
from servescope.planner.load.lengths import Lengths
from servescope.planner.load.trace import parse_trace

TRACES = Path(__file__).parents[3] / "benchmarks" / "traces"


def test_azures_columns_are_lengths():
    """In the trace's order; where nothing was made, one token is asked for."""
    text = "\ufeffTIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6,374,44\r\n2023-11-16 18:15:50.9,396,0\r\n"
    assert parse_trace(text, "t").lengths == [Lengths(374, 44), Lengths(396, 1)]
    assert parse_trace("output_tokens,input_tokens\n5,7\n", "t").lengths == [Lengths(7, 5)]


@pytest.mark.parametrize(("kind", "most"), [("code", 632), ("conv", 507)])
def test_minutes_are_a_rate(kind, most):
    """The busiest minute's, of the traces that are kept here."""
    trace = parse_trace((TRACES / f"azure-llm-2023-{kind}-per-minute.csv").read_text("utf-8"), "t")
    assert trace.busiest == pytest.approx(most / 60)
    assert not trace.lengths


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no rows"),
        ("ContextTokens,GeneratedTokens\n", "no rows"),
        ("minute,requests\n", "no rows"),
        ("a,b\n1,2\n", "neither the columns"),
        ("ContextTokens\n1\n", "neither the columns"),
        ("ContextTokens,GeneratedTokens\n3,4\n0,4\n", "line 3: ContextTokens '0'"),
        ("ContextTokens,GeneratedTokens\n3\n", "line 2: GeneratedTokens ''"),
        ("ContextTokens,GeneratedTokens\n3,-1\n", "line 2: GeneratedTokens '-1'"),
        ("minute,requests\n0,many\n", "line 2: requests 'many'"),
        ("minute,requests\n0,99999999999\n", "line 2: requests '99999999999'"),
    ],
)
def test_what_is_no_trace_is_refused_by_name(text, said):
    """With the file, the line and the value."""
    with pytest.raises(ConfigurationError) as refused:
        parse_trace(text, "--trace 'x.csv'")
    assert "--trace 'x.csv'" in refused.value.message
    assert said in refused.value.message


@given(st.text(max_size=60), st.sampled_from(["", "minute,requests\n", "ContextTokens,GeneratedTokens\n"]))
def test_any_text_is_a_trace_or_refused(text, head):
    """No other error."""
    try:
        parse_trace(head + text, "t")
    except ConfigurationError:
        pass
