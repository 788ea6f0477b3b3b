"""Provisioning files say what was asked for, whatever it holds, or it is refused by the option's name."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import ConfigurationError
from servescope.operate.grafana.files import grafana_files
from servescope.operate.grafana.provisioning import (
    BOARDS_PATH,
    TRACES_UID,
    TRACES_URL,
    UID,
    URL,
    Sources,
    data_sources,
    provider,
    sources,
)

NO_ADDRESSES = (
    "", "prometheus:9090", "ftp://x", "http://", "http://a b", "http://x:99999", "http://x\n", 'http://"', "http://[", "//x",
)  # fmt: skip


def expanded(value):
    """A text as Grafana takes it from these files, where `$$` is a `$` and a single one begins a variable."""
    assert value.replace("$$", "").count("$") == 0
    return value.replace("$$", "$")


def test_the_defaults_are_taken():
    """What the command writes without options is what the files' constants say."""
    assert sources(UID, URL, TRACES_URL, BOARDS_PATH) == Sources()


def test_exemplars_lead_to_traces():
    """Prometheus' source sends the label that exemplars have to the source of the traces, which is there too."""
    prometheus, traces = yaml.safe_load(data_sources(Sources()))["datasources"]
    (destination,) = prometheus["jsonData"]["exemplarTraceIdDestinations"]
    assert (destination["name"], destination["datasourceUid"]) == ("trace_id", traces["uid"])
    assert (prometheus["uid"], prometheus["type"], prometheus["url"]) == (UID, "prometheus", URL)


@pytest.mark.parametrize("uid", ["", "a b", 'a"b', "a/b", "ä", "x" * 41, "${x}", "a\n", TRACES_UID])
def test_a_hostile_uid_is_refused(uid):
    """The message names the option and the value."""
    with pytest.raises(ConfigurationError) as refused:
        sources(uid, URL, TRACES_URL, BOARDS_PATH)
    assert str(refused.value).startswith(f"--datasource-uid {uid!r} is ")


@given(st.text())
def test_a_uid_is_whole_or_refused(uid):
    """One that is taken stands in the data source and in each board, unchanged."""
    try:
        given_ = sources(uid, URL, TRACES_URL, BOARDS_PATH)
    except ConfigurationError:
        return
    assert yaml.safe_load(data_sources(given_))["datasources"][0]["uid"] == uid


def test_the_uid_stands_in_every_board():
    """The boards' own choice of data source is the one that is provisioned."""
    for name, text in grafana_files("classic", Sources(uid="our-own_1")).items():
        if name.startswith("dashboards/"):
            assert json.loads(text)["templating"]["list"][0]["current"]["value"] == "our-own_1"


@pytest.mark.parametrize("url", NO_ADDRESSES)
@pytest.mark.parametrize("option", ["--url", "--traces-url"])
def test_what_is_no_address_is_refused(option, url):
    """The message names the option and the value."""
    urls = {"--url": (url, TRACES_URL), "--traces-url": (URL, url)}[option]
    with pytest.raises(ConfigurationError) as refused:
        sources(UID, *urls, BOARDS_PATH)
    assert str(refused.value) == f"{option} {url!r} is no address such as http://prometheus:9090"


def test_passwords_are_not_written():
    """An address with a user is refused, and the message does not repeat the password."""
    with pytest.raises(ConfigurationError, match=r"--url .*holds a user's name") as refused:
        sources(UID, "http://me:hunter2@prometheus:9090/x", TRACES_URL, BOARDS_PATH)
    assert "hunter2" not in str(refused.value)


@given(st.text())
def test_an_address_is_whole_or_refused(path):
    """Whatever is taken reads back as it was given: nothing in it ends the YAML's text or begins a variable."""
    url = f"http://prometheus:9090/{path}"
    try:
        given_ = sources(UID, url, TRACES_URL, BOARDS_PATH)
    except ConfigurationError:
        return
    assert expanded(yaml.safe_load(data_sources(given_))["datasources"][0]["url"]) == url


@given(st.text())
def test_a_folder_is_whole_or_refused(path):
    """The same for the folder of the boards."""
    try:
        given_ = sources(UID, URL, TRACES_URL, f"/{path}")
    except ConfigurationError:
        return
    assert expanded(yaml.safe_load(provider(given_))["providers"][0]["options"]["path"]) == f"/{path}"


@pytest.mark.parametrize("path", ["", "dashboards", "~/x", "/a\nb", "/\x00"])
def test_what_is_no_folder_is_refused(path):
    """The message names the option and the value."""
    with pytest.raises(ConfigurationError) as refused:
        sources(UID, URL, TRACES_URL, path)
    assert str(refused.value).startswith(f"--boards-path {path!r} is ")
