"""A pipe in the place of standard output and error."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def piped() -> Iterator[int]:
    """Both lead to one pipe; its reading end. For a test's own time: pytest puts its own streams there before it."""
    reader, writer = os.pipe()
    with pytest.MonkeyPatch.context() as patched, open(writer, "w") as out, open(os.dup(writer), "w") as err:
        patched.setattr(sys, "stdout", out)
        patched.setattr(sys, "stderr", err)
        yield reader
    os.close(reader)
