"""The option `metrics_peers`: addresses of other servers, with what they leave out filled in."""

from pathlib import Path

import pytest

from servescope.config.values.parsers import GivenValue
from servescope.config.values.peers import peers
from servescope.errors import ConfigurationError


def parse(text: str) -> list[str]:
    return [str(each) for each in peers(GivenValue("metrics_peers", text, "a test", Path("/")))]


def test_addresses() -> None:
    """Without a scheme it is http, without a port 8082; blanks and empty places do not matter."""
    assert parse(" 10.0.0.2:9082, gpu7,https://[::1]:8445,,") == [
        "http://10.0.0.2:9082",
        "http://gpu7:8082",
        "https://[::1]:8445",
    ]
    assert parse("") == []


@pytest.mark.parametrize("text", ["host:port", "a b", "unix:/run/x", "http://h:0", "http://h/metrics", "[::g]:1"])
def test_no_address(text: str) -> None:
    """The error names the option, the value and the part that is wrong."""
    with pytest.raises(ConfigurationError) as caught:
        parse(f"gpu7,{text}")
    assert str(caught.value).startswith(f"metrics_peers='gpu7,{text}' holds ")
    assert repr(text) in str(caught.value)
