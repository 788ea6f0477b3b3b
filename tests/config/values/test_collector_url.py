"""The URL of a trace collector."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.values.collector_url import collector, collector_url
from servescope.config.values.parsers import GivenValue
from servescope.errors import ConfigurationError


def given_value(text):
    return GivenValue("tracing_endpoint", text, "config.properties", Path("/"))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://h:4318/v1/traces", "http://h:4318/v1/traces"),
        (" https://h/otlp/v1/traces?key=1 ", "https://h/otlp/v1/traces?key=1"),
        ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ("http://h:4318/", "http://h:4318/v1/traces"),
    ],
)
def test_reads_urls(text, url):
    """OTLP's path stands in where there is none."""
    assert collector(given_value(text)) == url


@pytest.mark.parametrize(
    "text",
    ["true", "h:4318", "grpc://h:4317", "http://", "http://:4318", "http://h:x/", "http://h:99999/", "http://[::1/", "http://a b/",
     "http://h/#x", "http://h\x00/", "http://ü/"],
)  # fmt: skip
def test_refuses_what_is_no_url(text):
    """The error names the option, the value and where it was given."""
    with pytest.raises(ConfigurationError) as caught:
        collector(given_value(text))
    assert str(caught.value).startswith(f"tracing_endpoint={text!r} is no ")
    assert str(caught.value).endswith("(from config.properties)")


@given(st.one_of(st.text(), st.text("htps:/@[]#?%.a1 ").map("http://".__add__)))
def test_whatever_is_read_has_a_scheme_a_host_and_a_path(text):
    """Or it is refused; nothing else happens."""
    try:
        parts = urlsplit(collector_url(text))
    except ValueError:
        return
    assert parts.scheme in ("http", "https")
    assert parts.hostname
    assert parts.path
