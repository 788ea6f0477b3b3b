"""The load_models key."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.load_list import LoadModel, parse_load_models
from servescope.config.values.parsers import GivenValue


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


word = st.from_regex(r"[A-Za-z0-9_.-]{1,12}", fullmatch=True)


@given(st.lists(st.builds(LoadModel, st.none() | word, word)))
def test_reads_what_was_written(models):
    """A written list reads back."""
    text = ",".join(f"{m.name}={m.url}" if m.name else m.url for m in models)
    if text.lower() != "all":
        assert read(text) == (tuple(models), False)
