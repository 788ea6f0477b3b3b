"""Discovery: one kind is active and the others stand beside it commented out; what cannot be used is refused by name."""

import pytest
import yaml

from servescope.errors import ConfigurationError
from servescope.operate.discovery import discovery_of

KINDS = {"static_configs", "file_sd_configs", "http_sd_configs"}


@pytest.mark.parametrize(
    ("given", "active"),
    [
        (((), None, None), {"static_configs": [{"targets": ["127.0.0.1:8082"]}]}),
        ((("a:1", "[::1]:65535"), None, None), {"static_configs": [{"targets": ["a:1", "[::1]:65535"]}]}),
        (((), "targets/*.json", None), {"file_sd_configs": [{"files": ["targets/*.json"]}]}),
        (((), '/a "b" é.yml', None), {"file_sd_configs": [{"files": ['/a "b" é.yml']}]}),
        (((), None, "https://a.example.org/sd?x=1"), {"http_sd_configs": [{"url": "https://a.example.org/sd?x=1"}]}),
    ],
)
def test_one_kind_is_active(given, active):
    """And if its comment signs are taken away, each other kind is YAML as well."""
    lines = discovery_of(*given).lines
    assert yaml.safe_load("\n".join(lines)) == active
    others = yaml.safe_load("\n".join(line.removeprefix("# ") for line in lines))
    assert set(others) == KINDS


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((("a",), None, None), "--target 'a'"),
        ((("a:0",), None, None), "--target 'a:0'"),
        ((("a:70000",), None, None), "--target 'a:70000'"),
        ((("http://a:1",), None, None), "--target 'http://a:1'"),
        ((("a:1\n- b",), None, None), "--target"),
        ((("[1:2:3]:80",), None, None), r"--target '\[1:2:3\]:80'"),
        (((), "[.yml", None), r"--file-sd '\[\.yml'"),
        ((("a:1", "a:1"), None, None), "--target a:1 is given twice"),
        (((), "targets/*.txt", None), r"--file-sd 'targets/\*.txt'"),
        (((), "*/targets.yml", None), "--file-sd"),
        (((), "a\nb.yml", None), "--file-sd"),
        (((), "", None), "--file-sd ''"),
        (((), None, "127.0.0.1:8082/sd"), "--http-sd"),
        (((), None, "http://a:x/"), "--http-sd 'http://a:x/'"),
        (((), None, "http:///sd"), "--http-sd"),
        (((), None, "http://a/ b"), "--http-sd"),
        (((), None, "http://["), "--http-sd"),
        (((), None, "http://{{x}}/sd"), "--http-sd"),
        (((), None, "http://a:0/sd"), "--http-sd"),
        ((("a:1",), "b.yml", None), "--target a:1 and --file-sd b.yml exclude"),
        (((), "b.yml", "http://a/sd"), "--file-sd b.yml and --http-sd http://a/sd exclude"),
    ],
)
def test_what_cannot_be_used(given, named):
    """The option and its value are named."""
    with pytest.raises(ConfigurationError, match=named):
        discovery_of(*given)
