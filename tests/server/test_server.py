"""The server as a whole: what it takes to be there."""

import subprocess
import sys

import pytest

# What only some servers have use for, and takes a hundredth of a start or more.
SELDOM = (
    "yaml",
    "ray",
    "grpc",
    "opentelemetry",
    "cryptography",
    "textual",
    "psutil",
    "servescope.autoscaler.scaler",
)
# What every server has, and opens late.
LATE = ("servescope.console",)


@pytest.mark.parametrize("name", SELDOM + LATE)
def test_a_start_does_not_import_what_it_may_not_need(name):
    """Each comes with the model, the file or the setting that asks for it."""
    code = f"import sys, servescope.cli.start.command, servescope.runtime.serve\nprint({name!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
