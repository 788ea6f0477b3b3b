"""Names and label values made fit for the text formats."""

from hypothesis import example, given
from hypothesis import strategies as st

from servescope.metrics.instruments.escaping import (
    LABEL_NAME,
    escape_label_value,
    label_name,
    unescape_label_value,
)
from servescope.wire.measured.names import METRIC_NAME, metric_name

awkward = st.text(st.sampled_from('\\"nab\n')) | st.text()


@given(awkward)
@example("\\n")
def test_label_values_come_back(value: str) -> None:
    """Escaping can be undone, and leaves nothing that could end the value or the line."""
    escaped = escape_label_value(value)
    assert unescape_label_value(escaped) == value
    assert "\n" not in escaped
    assert '"' not in escaped.replace("\\\\", "").replace('\\"', "")


def test_what_needs_no_escape_is_the_same_object() -> None:
    """Nearly all label values, so they cost no memory."""
    value = "model-1"
    assert escape_label_value(value) is value
    assert unescape_label_value(value) is value


def test_what_nobody_escaped() -> None:
    """A backslash before another character, or at the end, stands for itself."""
    assert unescape_label_value("\\x\\") == "\\x\\"


@given(st.text())
def test_names_are_valid(name: str) -> None:
    """Whatever a handler calls its metric and its labels."""
    assert METRIC_NAME.fullmatch(metric_name(name))
    assert LABEL_NAME.fullmatch(label_name(name))
    assert not label_name(name).startswith("__")
