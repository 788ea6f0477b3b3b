"""What the tests of this folder need and a machine may not have: Playwright. With REQUIRE_BROWSER=1 they fail without it."""

import importlib
import os
from types import ModuleType

import pytest

REQUIRED = os.environ.get("REQUIRE_BROWSER") == "1"


def needed(name: str) -> ModuleType:
    """Import a package, for the top of a module."""
    if REQUIRED:
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"{name} is not installed: make test-browser has it")
