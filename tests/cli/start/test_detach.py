"""Starting in the background, where the start goes wrong."""

import os

import pytest

from servescope.cli.start.background import STDERR_NAME
from servescope.cli.start.detach import launch
from servescope.errors import ConfigurationError


def test_a_server_that_dies_says_why(tmp_path):
    """Its exit status and its last words reach whoever started it, and stay in a file beside the logs."""
    with pytest.raises(ConfigurationError) as refused:
        launch(["--ts-config", "absent.properties"], os.environ | {"LOG_LOCATION": "logs"}, tmp_path)
    assert "status 1" in refused.value.message
    assert "--ts-config" in refused.value.message
    assert "absent.properties" in refused.value.message
    assert "absent.properties" in (tmp_path / "logs" / STDERR_NAME).read_text()


def test_a_log_directory_that_cannot_be_is_named(tmp_path):
    """A file in the place of the directory is said, not a traceback."""
    (tmp_path / "logs").write_text("")
    with pytest.raises(ConfigurationError, match=r"logs.*cannot be used"):
        launch([], os.environ | {"LOG_LOCATION": "logs"}, tmp_path)


def test_a_program_that_cannot_start_is_said(tmp_path):
    """And is not blamed on the log."""
    environ = os.environ | {"LOG_LOCATION": "logs", "TOO_LONG": "x" * 10_000_000}
    with pytest.raises(ConfigurationError, match=r"cannot be started.*Argument list too long"):
        launch([], environ, tmp_path)
