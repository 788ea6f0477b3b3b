"""Whose is each word of `servescope llm`: nothing is lost, nothing changes places, and nobody gets another's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.cli.llm.words import parser, read_words, split

KNOWN = {name for action in parser()._actions for name in action.option_strings}
# Options that are not ours, their values (also such as look like negative numbers), and the forms in which they come.
vllm_names = st.one_of(
    st.from_regex(r"--[a-z][a-z0-9_.-]{0,12}", fullmatch=True), st.from_regex(r"-[a-z]{1,3}", fullmatch=True)
).filter(lambda name: name not in KNOWN and name != "--")
values = st.one_of(
    st.text(max_size=8), st.integers().map(str), st.just('{"a": -1}'), st.sampled_from(["-1", "-0.5", "-", ""])
).filter(lambda value: value.partition("=")[0] not in KNOWN and value != "--")
options = st.one_of(
    vllm_names.map(lambda name: [name]),
    st.tuples(vllm_names, values).map(list),
    st.tuples(vllm_names, values).map(lambda pair: [f"{pair[0]}={pair[1]}"]),
    st.tuples(vllm_names, values, values).map(list),
)
ours = st.sampled_from(
    [
        ["--disable-token-auth"],
        ["--ncs"],
        ["--ts-config", "a.properties"],
        ["--model-store=store"],
        ["--model-name", "m"],
        ["--replicas=2"],
        ["--models", "a.mar", "b=b.mar", "--enable-model-api"],
    ]
)


@given(st.lists(st.one_of(options.map(lambda words: (words, [])), ours.map(lambda words: ([], words))), max_size=8))
def test_every_word_goes_to_whom_it_is_for(pieces):
    """In the order in which it came, whatever stands between."""
    engine = [word for vllm, _ in pieces for word in vllm]
    words = ["model", *(word for vllm, own in pieces for word in (*vllm, *own))]
    got_ours, got_engine = split(words, parser())
    assert got_engine == ["model", *engine]
    assert got_ours == [word for _, own in pieces for word in own]


@given(st.lists(st.text(max_size=6), max_size=8))
def test_all_after_two_dashes_is_vllms(words):
    """Also what would be ours: only the first `--` is taken away."""
    command = read_words(["model", "--ncs", "--", *words])
    assert command.engine == tuple(words)
    assert command.start == ("--ncs",)


def test_the_example():
    """The command of the documentation."""
    words = ["./tiny", "--disable-token-auth", "--max-model-len", "256", "--enforce-eager", "--dtype", "float32"]
    command = read_words(words)
    assert command.model == "./tiny"
    assert command.engine == ("--max-model-len", "256", "--enforce-eager", "--dtype", "float32")
    assert command.start == ("--disable-token-auth",)
    assert command.options.disable_token_auth
    assert (command.name, command.version, command.replicas) == (None, "1.0", 1)


def test_own_options_arrive():
    """In both of their forms, before and after MODEL."""
    before = ["--replicas", "3", "--ts-config", "c.properties"]
    after = ["--model-name=n", "--model-version", "2", "--startup-timeout", "9", "--response-timeout=8"]
    command = read_words([*before, "m", *after])
    assert (command.model, command.name, command.version, command.replicas) == ("m", "n", "2", 3)
    assert (command.startup_timeout_s, command.response_timeout_s) == (9, 8)
    assert command.start == ("--ts-config", "c.properties")
    assert command.engine == ()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([], "MODEL is missing"),
        (["--ncs"], "MODEL is missing"),
        (["--dtype", "float32", "./tiny"], "--dtype"),
        (["--models", "a.mar", "./tiny"], "MODEL is missing"),
        (["./tiny", "--replicas", "0"], "'0'"),
        (["./tiny", "--replicas", "many"], "'many'"),
        (["./tiny", "--replicas"], "--replicas"),
        (["./tiny", "--startup-timeout=-1"], "'-1'"),
        (["./tiny", "--response-timeout=1.5"], "'1.5'"),
        (["./tiny", "--ts-config"], "--ts-config"),
        (["./tiny", "--foreground", "--detach"], "--detach"),
        (["./tiny", "--ncs=yes"], "--ncs"),
    ],
)
def test_what_makes_no_sense_is_status_2(words, named, capsys):
    """The message names the option and the value."""
    with pytest.raises(SystemExit) as end:
        read_words(words)
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert named in said
    assert "servescope llm" in said


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["./tiny", "--max-model-len", "256", "--help"]])
def test_help_is_ours_wherever_it_stands(words, capsys):
    """It has this command's options and `start`'s, and says whose the others are."""
    with pytest.raises(SystemExit) as end:
        read_words(words)
    assert end.value.code == 0
    text = capsys.readouterr().out
    for option in ("MODEL", "--model-name", "--replicas", "--startup-timeout", "--ts-config", "--detach", "vLLM's"):
        assert option in text
