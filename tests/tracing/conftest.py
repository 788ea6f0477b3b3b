"""Tests see none of OpenTelemetry's variables but their own."""

import os

import pytest


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    """Whatever the environment says of OpenTelemetry is meant for somebody else."""
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
