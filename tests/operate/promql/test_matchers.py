"""Matchers and strings: whatever a label's value is, PromQL reads it back, and values that cannot be are refused."""

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.operate.promql import PromqlError, differs, equal, like, metric, one_of, quoted, unlike

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def read_back(selector):
    """The matchers that a parser finds: (label, value)."""
    return [(one.name, one.value) for one in promql_parser.parse(str(selector)).matchers.matchers]


@given(TEXT)
def test_any_value_is_read_back(value):
    """Quotes, backslashes, newlines, control characters, emoji: the parser finds the value that went in."""
    selector = metric("servescope_queue_depth").where(equal("model_name", value), differs("model_version", value))
    assert read_back(selector) == [("model_name", value), ("model_version", value)]


@given(st.lists(TEXT, min_size=1, max_size=3))
def test_values_are_literal_in_alternatives(values):
    """`one_of` escapes what means something in a regular expression."""
    ((_, pattern),) = read_back(metric("servescope_queue_depth").where(one_of("model_name", *values)))
    import re

    for value in values:
        assert re.fullmatch(pattern, value, re.DOTALL)
        if value:
            assert not re.fullmatch(pattern, value + "\N{SNOWMAN}x")


def test_a_surrogate_is_refused():
    """What is no Unicode cannot be written in a query."""
    with pytest.raises(PromqlError, match="udc80"):
        quoted("\udc80")


@pytest.mark.parametrize(
    "make",
    [
        lambda: equal("stage", "quue"),
        lambda: one_of("slo", "latency", "speed"),
        lambda: like("outcome", "fault.*"),
        lambda: like("code", "5("),
        lambda: differs("state", "dead"),
        lambda: unlike("state", "dead|gone"),
    ],
)
def test_values_that_cannot_be(make):
    """Of labels with values of the server's own choosing, others are refused, and so is what is no expression."""
    with pytest.raises(PromqlError):
        make()


def test_variables_pass():
    """A Grafana variable is no value of the label's."""
    selector = metric("servescope_request_stage_seconds").where(like("stage", "$stage"), equal("model_name", "$model"))
    assert str(selector) == 'servescope_request_stage_seconds{stage=~"$stage",model_name="$model"}'
