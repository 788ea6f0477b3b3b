"""Readers of single values of model-config.yaml."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.model import yaml_values


@pytest.mark.parametrize(
    ("read", "value", "result"),
    [
        (yaml_values.whole(0, 100), 0, 0),
        (yaml_values.flag, False, False),
        (yaml_values.one_of("cpu", "gpu"), "GPU", "gpu"),
        (yaml_values.text, "c10d", "c10d"),
        (yaml_values.device_ids, [2, 0], (2, 0)),
        (yaml_values.device_ids, [], ()),
    ],
)
def test_reads(read, value, result):
    """Values of the right type come through typed."""
    assert read(value) == result


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (yaml_values.whole(1, 100), 0),
        (yaml_values.whole(0, 100), "1"),
        (yaml_values.whole(0, 100), True),
        (yaml_values.whole(0, 100), 1.0),
        (yaml_values.flag, "true"),
        (yaml_values.flag, 1),
        (yaml_values.one_of("cpu"), "tpu"),
        (yaml_values.one_of("cpu"), 1),
        (yaml_values.text, 5),
        (yaml_values.device_ids, 1),
        (yaml_values.device_ids, [0, "1"]),
        (yaml_values.device_ids, [-1]),
        (yaml_values.device_ids, [True]),
    ],
)
def test_refuses(read, value):
    """All else is refused, saying what it should be."""
    with pytest.raises(ValueError, match="should be"):
        read(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("four", "'four'"),
        (None, "None"),
        ([1, "a"], "[1, 'a']"),
        ([[1], {}], "[a list, a mapping]"),
        ([0] * 9, "a list"),
        ({"a": 1}, "a mapping"),
        ({1, 2}, "a set"),
        pytest.param(2**20000, "a huge number", id="huge"),
        ("x" * 200, "'" + "x" * 79 + "..."),
    ],
)
def test_shown_is_short(value, text):
    """Scalars as they are, nothing nested, nothing long."""
    assert yaml_values.shown(value) == text


def test_the_last_of_two_keys_holds():
    """As in TorchServe, unless it is to be refused."""
    assert yaml_values.load_yaml("a: 1\na: 2") == {"a": 2}
    with pytest.raises(ValueError, match="the key 'a' is there twice, the second time in line 4"):
        yaml_values.load_yaml("b:\n- c:\n  - a: 1\n    a: 2", once=True)


def test_aliases_are_looked_at_once():
    """A small text that says very much is read as fast as any."""
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)), "b: &b [*b]"]
    assert len(yaml_values.load_yaml("\n".join(lines), once=True)) == 61


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3)
        ),
    )
)
def test_what_is_written_is_read(value):
    """No key of a mapping is taken for another."""
    assert yaml_values.load_yaml(yaml.safe_dump(value), once=True) == value


@given(st.text(max_size=60))
def test_any_text(text):
    """What is read with each key once is what PyYAML reads; all else is a ValueError."""
    try:
        found = yaml_values.load_yaml(text, once=True)
    except ValueError:
        return
    assert repr(found) == repr(yaml.safe_load(text))
