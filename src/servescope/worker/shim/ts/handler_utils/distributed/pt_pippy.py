"""`ts.handler_utils.distributed.pt_pippy`: a model as a pipeline over processes. Needs PiPPy (torchpippy), when it is called."""

import inspect
import os

import torch
from torch.distributed import rpc


def initialize_rpc_workers(local_rank, world_size, ctx) -> None:
    """Join torch's RPC as worker `local_rank`, by `pippy` in model-config.yaml: `rpc_timeout` in s, `num_worker_threads`."""
    wanted = ctx.model_yaml_config["pippy"]
    options = rpc.TensorPipeRpcBackendOptions(
        num_worker_threads=wanted["num_worker_threads"], rpc_timeout=wanted["rpc_timeout"]
    )
    devices = torch.cuda.device_count()
    for other in range(world_size if devices else 0):
        options.set_device_map(f"worker{other}", {local_rank % devices: other % devices})
    rpc.init_rpc(f"worker{local_rank}", rank=local_rank, world_size=world_size, rpc_backend_options=options)


def get_pipeline_driver(model, world_size, ctx):
    """The model cut into `world_size` stages, by `pippy` and `handler` in model-config.yaml.

    `pippy`: `input_names` of forward, `model_type` ("HF" for a transformers model), `chunks` (1). `handler`: `model_path`, and
    `index_filename` of the weights in it.

    Raises:
        ValueError: a key or the index is missing.
    """
    pippy_options, handler = (_section(ctx, name) for name in ("pippy", "handler"))
    names, kind = (_required(pippy_options, "pippy", key) for key in ("input_names", "model_type"))
    index = handler.get("index_filename")
    if index is not None:
        index = os.path.join(_required(handler, "handler", "model_path"), index)
        if not os.path.exists(index):
            raise ValueError(f"Index file '{index}' not found")
    return _compiled(
        model.eval(), world_size, names, is_hf=kind == "HF", chunks=pippy_options.get("chunks", 1), index=index
    )


def _compiled(model, world_size, names, *, is_hf, chunks, index):
    import pippy
    from pippy.hf import PiPPyHFTracer, inject_pipeline_forward

    parameters = inspect.signature(model.forward).parameters.values()
    constants = {one.name: one.default for one in parameters if one.name not in names}
    if is_hf and "bloom" in str(type(model)):
        constants.setdefault("deprecated_arguments", {})
    driver, _ = pippy.all_compile(
        model,
        num_ranks=world_size,
        num_chunks=chunks,
        schedule="FillDrain",
        split_policy=pippy.split_into_equal_size(world_size),
        tracer=PiPPyHFTracer() if is_hf else None,
        concrete_args=constants,
        index_filename=index,
        checkpoint_prefix=None,
    )
    if not is_hf:
        return driver
    inject_pipeline_forward(model, driver)
    return model


def _section(ctx, name):
    return _required(ctx.model_yaml_config, "model-config.yaml", name)


def _required(options, where, key):
    if key not in options:
        raise ValueError(f"Missing '{key}' key in YAML config, in {where}")
    return options[key]
