"""The load_models key."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.values.load_list import LoadModel, parse_load_models
from servescope.config.values.parsers import GivenValue
from servescope.errors import ConfigurationError


def read(text):
    return parse_load_models(GivenValue("load_models", text, "--models", Path("/srv")))


@pytest.mark.parametrize("text", ["all", "ALL", " all "])
def test_all_means_the_whole_store(text):
    """`all` in any letter case."""
    assert read(text) == ((), True)


def test_names_and_urls():
    """Items between commas, each with or without a name; a URL's query keeps its `=`."""
    models, everything = read("a.mar, b=c.mar,https://h/x.mar?sig=1,d=https://h/y.mar?sig=2,,")
    assert not everything
    assert models == (
        LoadModel(None, "a.mar"),
        LoadModel("b", "c.mar"),
        LoadModel(None, "https://h/x.mar?sig=1"),
        LoadModel("d", "https://h/y.mar?sig=2"),
    )


def test_what_is_a_name():
    """What stands before the first `=`, as in TorchServe, but not of a URL or an absolute path."""
    models, _ = read("a b=x.mar,a:b=y.mar,<b>=sub/z=1.mar,/abs/a=b.mar,file:///a=b.mar")
    assert [(model.name, model.url) for model in models] == [
        ("a b", "x.mar"),
        ("a:b", "y.mar"),
        ("<b>", "sub/z=1.mar"),
        (None, "/abs/a=b.mar"),
        (None, "file:///a=b.mar"),
    ]


@pytest.mark.parametrize("name", ["", " ", ".", "..", "a/b", "a\\b", "a\x01b"])
def test_names_that_no_path_can_say(name):
    """End the start, with the name and its fault, and without the URLs and their secrets."""
    with pytest.raises(ConfigurationError) as caught:
        read(f"m=http://bob:secret@h/m.mar,{name}=n.mar")
    text = str(caught.value)
    assert text.startswith(f"load_models: the name of a model {name.strip()!a}: ")
    assert text.endswith("(from --models)")
    assert "secret" not in text


word = st.from_regex(r"[A-Za-z0-9_.-]{1,12}", fullmatch=True)
name = word.filter(lambda text: text not in (".", ".."))


@given(st.lists(st.builds(LoadModel, st.none() | name, word)))
def test_reads_what_was_written(models):
    """A written list reads back."""
    text = ",".join(f"{m.name}={m.url}" if m.name else m.url for m in models)
    if text.lower() != "all":
        assert read(text) == (tuple(models), False)
