"""Targets for Prometheus' http_sd: a server is named as the one who asks reached it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.address import Address
from servescope.web.metrics.discovery import own_target, target_groups

ADDRESS = Address("http", "0.0.0.0", 8082)


@pytest.mark.parametrize("host", ["gpu7:8082", "10.0.0.2:80", "[2001:db8::1]:8082", "a.b-c.example:1"])
def test_as_asked(host):
    """By the Host header, which the configured address of all interfaces could not say."""
    assert own_target(host, ADDRESS) == host


@pytest.mark.parametrize("host", [None, "", "gpu7", "a b:1", 'x"y:1', "h:1/x", "h:123456"])
def test_as_configured(host):
    """Where the header is missing, without a port, or nonsense."""
    assert own_target(host, ADDRESS) == "0.0.0.0:8082"
    assert own_target(host, Address("https", "::1", 8445)) == "[::1]:8445"


@given(st.text())
def test_any_host(host):
    """Whatever comes, the answer is JSON with one target."""
    (group,) = json.loads(target_groups(own_target(host, ADDRESS), ADDRESS, []))
    assert len(group["targets"]) == 1


def test_a_peer_that_is_itself():
    """Every server may have the same list of peers, itself among them."""
    groups = json.loads(target_groups("gpu7:8082", ADDRESS, [Address("http", "gpu7", 8082)]))
    assert groups == [{"targets": ["gpu7:8082"], "labels": {"__scheme__": "http"}}]
