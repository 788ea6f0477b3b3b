"""The option `collectors`: names alone select, names with a minus drop."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.values.collectors import COLLECTORS, collectors
from servescope.config.values.parsers import GivenValue
from servescope.errors import ConfigurationError


def parse(text: str) -> tuple[str, ...]:
    return collectors(GivenValue("collectors", text, "a test", Path("/")))


@given(st.sets(st.sampled_from(COLLECTORS), min_size=1), st.randoms(use_true_random=False))
def test_select_and_drop(names: set[str], random) -> None:
    """In any order, letter case and spacing; together the two are all."""
    words = sorted(names)
    random.shuffle(words)
    selected, left = parse(" , ".join(words).upper()), parse(",".join(f"-{word}" for word in words))
    assert set(selected) == names
    assert tuple(sorted(selected + left, key=COLLECTORS.index)) == COLLECTORS


@pytest.mark.parametrize("text", ["cpus", "cpu,", "-", "-gpu,-tpu", "--gpu", "all"])
def test_unknown(text: str) -> None:
    """The error names the option, the value, the word, and what there is."""
    with pytest.raises(ConfigurationError) as caught:
        parse(text)
    message = str(caught.value)
    assert message.startswith(f"collectors={text!r} names no collector '")
    assert message.endswith(f": there are {', '.join(COLLECTORS)} (from a test)")


def test_mixed() -> None:
    """`cpu,-gpu` could mean two things."""
    with pytest.raises(ConfigurationError, match=r"^collectors='cpu,-gpu' both names collectors and drops some"):
        parse("cpu,-gpu")
