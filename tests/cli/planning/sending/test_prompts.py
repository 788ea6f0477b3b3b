"""Options that say what a language model is asked."""

import pytest

from servescope.cli.planning.sending.prompts import read_prompts
from servescope.errors import ConfigurationError
from servescope.planner.load.lengths import Lengths


@pytest.fixture
def traced(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("ContextTokens,GeneratedTokens\n3,4\n", "utf-8")
    return file


def test_lengths_come_from_options_or_a_trace(traced):
    """The same for the same seed."""
    found = read_prompts("uniform:1,9", "fixed:4", None, None, 1)
    assert found == read_prompts("uniform:1,9", "fixed:4", None, None, 1)
    assert {one.answer for one in found.lengths} == {4}
    assert read_prompts(None, None, traced, None, 1).lengths == [Lengths(3, 4)]
    assert not read_prompts(None, None, None, None, 1).lengths


def test_minutes_stand_beside_lengths(tmp_path):
    """They are a rate, and say nothing of tokens."""
    file = tmp_path / "m.csv"
    file.write_text("minute,requests\n0,60\n1,120\n", "utf-8")
    found = read_prompts("fixed:2", "fixed:4", file, None, 1)
    assert (found.busiest, found.lengths[0]) == (2.0, Lengths(2, 4))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fixed:1", None, None, None), "--input-tokens needs --output-tokens"),
        ((None, "fixed:1", None, None), "--output-tokens needs --input-tokens"),
        (("fixed:1", "none", None, None), "--output-tokens 'none'"),
        (("fixed:1", "fixed:1", None, ["body.json"]), "--payload 'body.json'"),
        (("fixed:1", "fixed:1", "traced", None), "has lengths of its own"),
        ((None, None, "traced", ["body.json"]), "--payload 'body.json'"),
        ((None, None, "absent", None), "cannot be read"),
        ((None, None, "bytes", None), "is no text in UTF-8"),
    ],
)
def test_what_does_not_go_together_is_refused(words, said, traced, tmp_path):
    """In words that name the option."""
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    files = {"traced": traced, "absent": tmp_path / "absent", "bytes": tmp_path / "bytes", None: None}
    with pytest.raises(ConfigurationError) as refused:
        read_prompts(words[0], words[1], files[words[2]], words[3], 1)
    assert said in refused.value.message
