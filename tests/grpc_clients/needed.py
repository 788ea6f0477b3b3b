"""What the tests of this folder need and a machine may not have: grpcio, and its compiler for clients' stubs.

In: a package's name. Out: the package; where it cannot be imported the tests are skipped, and say why. With REQUIRE_GRPC=1 they
fail instead.
"""

import importlib
import os
from types import ModuleType

import pytest

REQUIRED = os.environ.get("REQUIRE_GRPC") == "1"


def needed(name: str) -> ModuleType:
    """Import a package, for the top of a test's module."""
    if REQUIRED:
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"{name} is not installed: make test-grpc has it")
