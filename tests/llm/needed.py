"""What the tests of this folder need and a machine may not have.

In: a package's name. Out: the package; where it cannot be imported the tests are skipped, and say why. With REQUIRE_VLLM=1
they fail instead.
"""

import importlib
import importlib.util
import os
from types import ModuleType

import pytest

REQUIRED = os.environ.get("REQUIRE_VLLM") == "1"


def needed(name: str) -> ModuleType:
    """Import a package, for the top of a test's module."""
    if REQUIRED:
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"{name} is not installed, which vLLM brings along")


def need_vllm() -> None:
    """Whether vLLM is there, found without an import: that takes it ten seconds."""
    if importlib.util.find_spec("vllm") is None:
        assert not REQUIRED, "REQUIRE_VLLM=1, and vllm is not installed"
        pytest.skip("vllm is not installed")
