"""Words that name models."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operate.kubernetes.planned import HOSTILE, planned, written
from servescope.config.choice import StartOptions
from servescope.config.load import load_settings
from servescope.errors import ConfigurationError
from servescope.operate.kubernetes.models import models_of


def started(model, tmp_path, *, on_claim=False):
    """What a start makes of the model's option."""
    option = model.option(on_claim=on_claim).removeprefix("--models=")
    (found,) = load_settings(StartOptions(models=(option,)), {}, tmp_path).load_models
    return found


@pytest.mark.parametrize("name", [name for name in HOSTILE if ":" not in name])
def test_a_name_reaches_the_start(name, tmp_path):
    """As it is, with an archive that the image can have."""
    (model,) = models_of([name])
    found = started(model, tmp_path)
    assert found.name == name
    assert found.url == f"file:///archives/{model.label}.mar"


@given(st.text(min_size=1, max_size=60))
def test_every_name_is_given_or_left_to_the_archive(name):
    """Or refused: never is it another one."""
    try:
        (model,) = models_of([name])
    except ConfigurationError:
        return
    given = re.fullmatch(r"--models=(?:([^=/:]*)=)?(.*)", model.option(on_claim=True))
    assert given[1] in (name, None)
    assert given[2] == model.archive


@pytest.mark.parametrize("name", ["a,b", "a/b", "a:b", "a=b", " a"])
def test_what_a_start_cannot_be_told_is_left_to_the_archive(name, tmp_path):
    """Which has a name of its own in it."""
    (model,) = models_of([name])
    assert model.name == name
    assert started(model, tmp_path).name is None


@pytest.mark.parametrize(
    ("word", "url", "on_claim"),
    [
        ("a=b.mar", "file:///archives/b.mar", "b.mar"),
        ("a=b c.tar.gz", "file:///archives/b%20c.tar.gz", "b c.tar.gz"),
        ("a=https://example.org/b.mar", "https://example.org/b.mar", None),
        ("a=HTTP://example.org/b", "HTTP://example.org/b", None),
    ],
)
def test_archives_are_named_or_fetched(word, url, on_claim, tmp_path):
    """Files of the image by a URL that the server copies, those of a claim by name."""
    (model,) = models_of([word])
    assert model.name == "a"
    assert started(model, tmp_path).url == url
    if on_claim is not None:
        assert started(model, tmp_path, on_claim=True).url == on_claim


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "MODEL is missing"),
        (["a", "b", "a"], "MODEL 'a' is given twice"),
        (["a=x.mar", "a=y.mar"], "MODEL 'a' is given twice"),
        (["a=x.mar", "b=x.mar"], "another one has the archive 'x.mar' too"),
        (["a=b.mar", "b"], "another one has the archive 'b.mar' too"),
        (["digits.mar"], "MODEL 'digits.mar' is an archive: give its model a name, as NAME=digits.mar"),
        (["https://example.org/a"], "MODEL 'https://example.org/a' is an archive"),
        ([""], "MODEL '' has no name"),
        ([" "], "MODEL ' ' has no name"),
        (["=x.mar"], "MODEL '=x.mar' has no name"),
        (["a="], "MODEL 'a=': '' is neither a URL nor a file's name with .mar"),
        (["a=http://"], "MODEL 'a=http://': 'http://' is neither a URL nor a file's name with .mar"),
        (["a=/models/x"], "'/models/x' is neither a URL nor a file's name with .mar"),
        (["a=s3://bucket/x"], "'s3://bucket/x' is neither a URL nor a file's name with .mar"),
        (["a\nb"], r"MODEL 'a\nb': a name has no control characters"),
        (["\udcff"], "a name has no control characters, and is Unicode"),
        (["x" * 600], "600 characters, more than 512"),
        (["a=x/../y.mar"], "no comma and no .."),
        (["a=https://example.org/x,y.mar"], "no comma and no .."),
        (["a=folder/x.mar"], "'folder/x.mar' is neither a URL nor the name of a file"),
    ],
)
def test_what_makes_no_sense_is_named(words, message):
    """The word, and why."""
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        models_of(words)


def test_names_that_only_an_archive_can_give_are_told():
    """In README.md, apart from those that the start is given."""
    text = (
        written(planned("a,b", "c"))["README.md"].partition("A start cannot be given these names")[2].partition("##")[0]
    )
    assert "\n    a,b\n" in text
    assert "    c\n" not in text
    assert "A start cannot" not in written(planned("c"))["README.md"]
