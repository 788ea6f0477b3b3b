"""The flags of TorchServe's base_handler: what is there of PyTorch, and beside it. Called by `base_handler`."""

import importlib.util
import os

# Of every PyTorch that is supported here.
_ALWAYS = {"PROFILER_AVAILABLE", "PT2_AVAILABLE", "PT230_AVAILABLE"}
_PACKAGES = {
    "XLA_AVAILABLE": "torch_xla",
    "ONNX_AVAILABLE": "onnxruntime",
    "IPEX_AVAILABLE": "intel_extension_for_pytorch",
}


def flag(name, module):
    """Whether it is there. IPEX also has to be wanted, by TS_IPEX_ENABLE=true.

    Raises:
        AttributeError: `module` has no such flag.
    """
    if name in _ALWAYS:
        return True
    if name not in _PACKAGES:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    if name == "IPEX_AVAILABLE" and os.environ.get("TS_IPEX_ENABLE", "false") != "true":
        return False
    return importlib.util.find_spec(_PACKAGES[name]) is not None
