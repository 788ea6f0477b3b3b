"""A batch under torch's profiler, its trace written for TensorBoard. `base_handler` calls it on request."""

import os
import tempfile

import torch


def run_profiled(call, arguments, model_name):
    """`call()`'s result and the profiler that watched it.

    `arguments` are torch.profiler.profile's; without a handler for the trace, it goes to
    `pytorch_profiler/<model>` in the temporary directory.
    """
    options = dict(arguments)
    if "on_trace_ready" not in options:
        folder = os.path.join(tempfile.gettempdir(), "pytorch_profiler", model_name)
        options["on_trace_ready"] = torch.profiler.tensorboard_trace_handler(folder)
    options.setdefault("record_shapes", True)
    with torch.profiler.profile(**options) as profiler:
        result = call()
    return result, profiler
