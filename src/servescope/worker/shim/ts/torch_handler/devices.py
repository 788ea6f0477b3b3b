"""Which device a handler's model lives on. Called by `base_handler`."""

import importlib.util

import torch


def pick_device(gpu_id):
    """The accelerator that the front end assigned as `gpu_id`, else the CPU; XLA wherever torch_xla is installed."""
    if gpu_id is not None:
        if torch.cuda.is_available():
            return torch.device(f"cuda:{gpu_id}")
        if getattr(torch, "xpu", None) is not None and torch.xpu.is_available():
            return torch.device(f"xpu:{gpu_id}")
        if torch.backends.mps.is_available():
            return torch.device("mps")
    if importlib.util.find_spec("torch_xla") is not None:
        import torch_xla

        return torch_xla.device()
    return torch.device("cpu")
