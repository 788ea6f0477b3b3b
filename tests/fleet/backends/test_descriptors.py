"""Whether there are descriptors for a launch, in a process of its own, as its limit is lowered."""

import os
import subprocess
import sys

import pytest

from servescope.fleet.backends.descriptors import require_descriptors

CODE = """
import os, resource
from servescope.fleet.backends.descriptors import require_descriptors
before = len(os.listdir("/proc/self/fd"))
resource.setrlimit(resource.RLIMIT_NOFILE, (before - 1 + {spare}, 1000))
try:
    require_descriptors(5)
    print("enough")
except OSError as error:
    print(error.errno, error)
resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000))
assert len(os.listdir("/proc/self/fd")) == before
"""


@pytest.mark.parametrize(("spare", "enough"), [(0, False), (4, False), (5, True)])
def test_a_few(spare: int, enough: bool) -> None:
    """One too few is an error that says how many there may be; nothing stays open."""
    said = subprocess.run(
        [sys.executable, "-c", CODE.format(spare=spare)], capture_output=True, text=True, check=True, env=os.environ
    ).stdout
    if enough:
        assert said == "enough\n"
    else:
        assert said.startswith("24 [Errno 24] Too many open files: it takes 5, and this process may have ")


def test_plenty() -> None:
    """Is no error."""
    require_descriptors()
