"""Names of objects, whatever models are called."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import ConfigurationError
from servescope.operate.kubernetes.names import LONGEST, check_name, check_others, is_label_value, object_name

# RFC 1035, as the API server has it for Services.
LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
NAMES = st.one_of(st.text(min_size=1, max_size=300), st.sampled_from(["a b", "ü", "<b>", "X" * 200, "-", "1", "a-"]))


@given(st.lists(NAMES, min_size=1, max_size=8, unique=True))
def test_every_name_is_a_label_of_its_own(names):
    """Valid, with room for what is put behind it, and no two are the same."""
    names = [name for name in names if name.isprintable() or name.encode("utf-8", "ignore").decode() == name]
    taken = []
    for name in names:
        taken.append(object_name(name, taken))
    assert all(LABEL.fullmatch(label) and len(label) <= LONGEST for label in taken)
    assert len(set(taken)) == len(names)


@pytest.mark.parametrize("name", ["digits", "a-b", "m1", "x" * LONGEST])
def test_a_label_stays_as_it_is(name):
    """Whoever has chosen a good name finds it."""
    assert object_name(name) == name


@pytest.mark.parametrize("name", ["Digits", "a b", "a_b", "ü", "<b>", "1st", "-x", "x-", "x" * 200, "模型"])
def test_what_is_left_of_others_says_what_it_was(name):
    """With a digest, which is the same on every machine."""
    label = object_name(name)
    assert label == object_name(name)
    assert re.search(r"-[0-9a-f]{8}$", label)


def test_a_name_that_is_made_to_collide_gets_another():
    """Be it the digested form of another model."""
    first = object_name("A B")
    second = object_name(first, [first])
    assert second != first
    assert LABEL.fullmatch(second)


@pytest.mark.parametrize("value", ["", "A", "a_b", "-a", "a-", "1a", "a.b", "x" * 41, "ü"])
def test_options_that_name_objects_are_checked(value):
    """Option and value are named."""
    with pytest.raises(ConfigurationError, match=f"--name {re.escape(repr(value))} names no object"):
        check_name("--name", value)


@pytest.mark.parametrize("value", ["", "A", "a_b", "-a", "a.b", "x" * 64])
def test_names_of_others_objects_are_checked(value):
    """They may begin with a digit, and be longer."""
    check_others("--namespace", "1" * 63)
    with pytest.raises(ConfigurationError, match="--namespace"):
        check_others("--namespace", value)


@pytest.mark.parametrize(
    ("text", "good"), [("Digits_1.0", True), ("x" * 64, False), ("a b", False), ("", False), ("ü", False)]
)
def test_values_of_labels(text, good):
    """Which names can be one."""
    assert is_label_value(text) is good
