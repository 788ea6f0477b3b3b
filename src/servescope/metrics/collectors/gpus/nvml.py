"""NVIDIA's management library as the GPU collector uses it: in, nvidia-ml-py's module; out, answers, or None where a
device, its driver or the module has no such figure.

Used by `gpu` and `gpu_device`. No CUDA context is made and PyTorch is not imported.
"""

import importlib
from typing import Any

# What a device, driver or user lacks, as against a device that fails.
_LACKING = (
    "NotSupported",
    "FunctionNotFound",
    "NoPermission",
    "NotFound",
    "NoData",
    "VgpuEccNotSupported",
    "ArgumentVersionMismatch",
    "Deprecated",
)


def load_nvml() -> Any:
    """nvidia-ml-py's module, imported on first use."""
    return importlib.import_module("pynvml")


class Nvml:
    """`module` is nvidia-ml-py's, initialized. `error` is the class of all its errors."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.error: type[Exception] = module.NVMLError
        names = (f"NVMLError_{name}" for name in _LACKING)
        self._lacking = tuple(getattr(module, name) for name in names if hasattr(module, name))

    def ask(self, function: str, *arguments: Any) -> Any:
        """What the function answers; None where there is no such figure. Raises `error` where the device fails."""
        call = getattr(self.module, function, None)
        if call is None:
            return None
        try:
            return call(*arguments)
        except self._lacking:
            return None

    def ask_either(self, functions: tuple[str, ...], *arguments: Any) -> Any:
        """The answer of the first of these that has one: newer drivers and modules have new names for old figures."""
        for function in functions:
            answer = self.ask(function, *arguments)
            if answer is not None:
                return answer
        return None
