"""Readers of single values of model-config.yaml."""

import pytest

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
