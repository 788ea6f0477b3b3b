"""Whether gRPC is on."""

import logging

import pytest

from servescope.config.settings import Settings
from servescope.errors import ConfigurationError
from servescope.server import grpc


def test_off_is_off():
    """Whatever is installed."""
    assert not grpc.wanted(Settings(enable_grpc="false"))


@pytest.fixture
def without_grpcio(monkeypatch):
    monkeypatch.setattr(grpc, "find_spec", lambda name: None)


def test_without_grpcio_nothing_is_said_to_who_names_nothing(without_grpcio, caplog):
    """Most servers have no gRPC."""
    assert not grpc.wanted(Settings(properties={"inference_address": "http://127.0.0.1:8080"}))
    assert caplog.text == ""


def test_without_grpcio_one_warning_for_all_keys_that_name_it(without_grpcio, caplog):
    """It says which keys, and what to install."""
    keys = {"grpc_inference_port": "7070", "enable_grpc_ssl": "true"}
    assert not grpc.wanted(Settings(properties=keys))
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert all(key in record.getMessage() for key in (*keys, "extra grpc"))


def test_without_grpcio_a_server_that_needs_it_does_not_start(without_grpcio):
    """enable_grpc=true means it."""
    with pytest.raises(ConfigurationError, match=r"enable_grpc=true needs grpcio .*extra grpc"):
        grpc.wanted(Settings(enable_grpc="true"))
