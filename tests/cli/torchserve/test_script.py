"""How a script of these ends: its status, and what is said of an error, in processes of their own."""

import subprocess
import sys

import pytest

BEGIN = """
from servescope.cli.torchserve.script import run_script
from servescope.errors import ConfigurationError

def command():
    {body}

run_script(command)
"""


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("print('done'); return 0", 0, "done\n"),
        ("return 3", 3, ""),
        ("raise ConfigurationError('port=x: no number')", 1, "port=x: no number\n"),
        ("raise KeyboardInterrupt", 130, ""),
        ("raise SystemExit(2)", 2, ""),
    ],
)
def test_the_end(body, status, said):
    """A status is the command's; errors are a line on standard output, as TorchServe's, and never a traceback."""
    words = [sys.executable, "-c", BEGIN.format(body=body)]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (status, said, "")


def test_an_output_that_takes_no_more():
    """It is told of on standard error, with status 1."""
    with open("/dev/full", "w") as full:
        words = [sys.executable, "-c", BEGIN.format(body="print('x' * 100000); return 0")]
        ended = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    assert "No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr
