"""What lengths of prompts and answers may be, and that they are drawn so."""

import random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import ConfigurationError
from servescope.planner.load.lengths import MOST_TOKENS, draw_lengths, parse_spread


def drawn(text: str, count: int = 20_000) -> list[int]:
    spread, chance = parse_spread("--input-tokens", text), random.Random(1)
    return [spread.draw(chance) for _ in range(count)]


def test_a_lognormal_has_the_mean_that_was_asked_for():
    """In tokens, not of the logarithm; and a long tail."""
    found = drawn("lognormal:800,0.5")
    assert fmean(found) == pytest.approx(800, rel=0.03)
    assert stdev(found) == pytest.approx(800 * 0.533, rel=0.05)


def test_uniform_has_both_ends_and_fixed_one():
    """Whole tokens."""
    assert set(drawn("uniform:3,7")) == {3, 4, 5, 6, 7}
    assert set(drawn(" FIXED:128 ")) == {128}


def test_lengths_are_bounded():
    """No request of no tokens, and none that would fill the memory."""
    found = drawn("lognormal:1,5") + drawn("lognormal:1000000,5")
    assert min(found) == 1
    assert max(found) == MOST_TOKENS


def test_the_same_chance_draws_the_same():
    """Pairs of prompt and answer."""
    prompts, answers = parse_spread("a", "uniform:1,9"), parse_spread("b", "fixed:4")
    pairs = draw_lengths(prompts, answers, 50, random.Random(2))
    assert pairs == draw_lengths(prompts, answers, 50, random.Random(2))
    assert {one.answer for one in pairs} == {4}
    assert len({one.prompt for one in pairs}) > 3


@pytest.mark.parametrize(
    "text",
    [
        "", "128", "fixed", "fixed:0", "fixed:1.5", "fixed:1000001", "fixed:-1", "fixed:1,2", "uniform:5", "uniform:9,3",
        "uniform:0,3", "uniform:1.5,3", "lognormal:800", "lognormal:0,1", "lognormal:800,5.1", "lognormal:nan,1",
        "normal:5,1", "fixed:\u0663",
    ],
)  # fmt: skip
def test_what_is_none_is_refused_by_name(text):
    """With the option and the value."""
    with pytest.raises(ConfigurationError) as refused:
        parse_spread("--output-tokens", text)
    assert f"--output-tokens {text!r}" in refused.value.message


@given(st.one_of(st.text(max_size=20), st.from_regex(r"(fixed|uniform|lognormal):[\d.,]{0,12}", fullmatch=True)))
def test_any_text_is_a_spread_or_refused(text):
    """No other error, and lengths within bounds."""
    try:
        spread = parse_spread("--input-tokens", text)
    except ConfigurationError:
        return
    assert 1 <= spread.draw(random.Random(1)) <= MOST_TOKENS
