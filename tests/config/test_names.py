"""What a model may be called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.names import fault_of


@pytest.mark.parametrize(
    "name", ["m", "a b", "ü", "<b>", "[red]", "a:b", "...", "..a", " ", "%2F", "1.0", "ı̇", "m" * 500]
)
def test_whatever_a_path_can_say(name):
    """TorchServe takes it, and so it stays."""
    assert fault_of(name) is None


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "/a", "a\\b", "a\nb", "\x00", "\x7f", "\x85", "\ud800"])
def test_whatever_a_path_cannot_say(name):
    """The fault names the name, in signs that a terminal can show, and never without end."""
    fault = fault_of(name)
    assert fault is not None
    assert fault.isprintable()
    assert fault.encode()
    assert len(fault_of(f"{'m' * 5000}/")) < 300


@given(st.text())
def test_what_has_no_fault_survives_a_path(name):
    """Between slashes it is one segment, and is found again."""
    if fault_of(name) is None:
        assert f"/models/{name}/1.0".split("/") == ["", "models", name, "1.0"]
        assert name.encode().decode() == name
