"""What the options of `servescope plan` may say."""

import pytest

from servescope.cli.main import run
from servescope.cli.planning.asked.options import read_path, read_sweep, refuse_unwritable
from servescope.cli.planning.server.site import find_site
from servescope.errors import ConfigurationError


def test_a_sweep_has_counts_and_batch_sizes():
    """Each once, in order."""
    assert read_sweep([]) == ((), ())
    assert read_sweep(["4,1, 2,1"]) == ((1, 2, 4), ())
    assert read_sweep(["batch=8,1", "2"]) == ((2,), (1, 8))


@pytest.mark.parametrize(
    "texts", [[""], ["0"], ["1001"], ["1,"], ["x"], ["batch="], ["batch=0"], ["size=2"], ["\u0663"]]
)
def test_what_is_none_is_refused_by_name(texts):
    """With the option and the value."""
    with pytest.raises(ConfigurationError) as refused:
        read_sweep(texts)
    assert f"--sweep {texts[0]!r}" in refused.value.message


def test_two_lists_of_a_kind_are_refused():
    """Nobody knows which was meant."""
    for texts in (["1", "2"], ["batch=1", "batch=2"]):
        with pytest.raises(ConfigurationError) as refused:
            read_sweep(texts)
        assert repr(texts[1]) in refused.value.message


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--sweep", "batch=1,2"], "add --shadow"), (["--captured"], "--captured: the server keeps no payloads")],
)
def test_what_cannot_be_had_is_refused_in_words(words, said, capsys):
    """With what to say instead."""
    assert run(["plan", "m", "--slo", "p99=1s", "--rps", "1", *words]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_path_is_one_of_a_url():
    """And none beside a copy, which it would miss."""
    assert read_path("/v1/completions", shadow=False) == "/v1/completions"
    for text, shadow in (("v1", False), ("/a b", False), ("/v1/completions", True)):
        with pytest.raises(ConfigurationError) as refused:
            read_path(text, shadow)
        assert f"--path {text!r}" in refused.value.message


@pytest.mark.parametrize("token", ["a\r\nb", "\u043a", "", "a b"])
def test_a_token_that_no_header_can_carry_is_refused(token):
    """It would end the header, or the program."""
    with pytest.raises(ConfigurationError) as refused:
        find_site(None, None, token, None)
    assert f"--inference-token {token!r}" in refused.value.message


def test_a_file_that_cannot_be_written_is_refused_before_the_loads(tmp_path):
    """A folder, or one in a folder that is not there."""
    refuse_unwritable(tmp_path / "new.html")
    for file in (tmp_path, tmp_path / "absent" / "new.html"):
        with pytest.raises(ConfigurationError) as refused:
            refuse_unwritable(file)
        assert f"--html {str(file)!r}" in refused.value.message
