"""Which lines logs have."""

from pathlib import Path

import pytest

from servescope.config.values.log_lists import log_copies, log_paths
from servescope.config.values.parsers import GivenValue
from servescope.errors import ConfigurationError


def given(text):
    return GivenValue("some_key", text, "c.properties", Path())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none", ()),
        ("metrics, Access", ("access", "metrics")),
        ("access,model,metrics", ("access", "model", "metrics")),
    ],
)
def test_copies(text, expected):
    """In one order, whatever was written."""
    assert log_copies(given(text)) == expected


@pytest.mark.parametrize("text", ["acces", "access,none", "all"])
def test_what_is_no_log(text):
    """Is named."""
    with pytest.raises(ConfigurationError, match="names no log"):
        log_copies(given(text))


def test_paths():
    """Without slashes at their ends; a star stands for what follows."""
    assert log_paths(given("/ping, /readyz/,/v2/health/*,,/")) == ("/ping", "/readyz", "/v2/health/*", "/")


@pytest.mark.parametrize("text", ["ping", "/a*b", "/a?b=1", "*"])
def test_what_is_no_path(text):
    """Is named."""
    with pytest.raises(ConfigurationError, match="holds no path"):
        log_paths(given(text))
