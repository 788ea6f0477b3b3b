"""`ts.handler_utils.preprocess.dali`: an NVIDIA DALI pipeline that an archive carries. Needs nvidia-dali, when it is called."""

import os


def get_dali_pipeline(ctx):
    """The pipeline of `dali` in model-config.yaml: `pipeline_file`, `batch_size`, `num_threads`, `device_id`, `seed`.

    TorchServe has a file of its own where none is named; here one must be.

    Raises:
        ValueError: there is no such section, or a key is missing.
        RuntimeError: there is no such file.
    """
    wanted = ctx.model_yaml_config.get("dali")
    if wanted is None:
        raise ValueError(f"{ctx.model_name} has no dali config in model config yaml file")
    for key in ("pipeline_file", "batch_size", "num_threads", "device_id", "seed"):
        if key not in wanted:
            raise ValueError(f"{ctx.model_name}: dali in model-config.yaml has no {key}")
    path = os.path.join(ctx.system_properties.get("model_dir"), wanted["pipeline_file"])
    if not os.path.exists(path):
        raise RuntimeError(f"Missing dali pipeline file {path}")
    from nvidia.dali.pipeline import Pipeline

    given = {key: wanted[key] for key in ("batch_size", "num_threads", "device_id")}
    pipeline = Pipeline.deserialize(filename=path, prefetch_queue_depth=1, seed=wanted["seed"], **given)
    # What deserialize keeps of the file, in place of what it is told.
    pipeline._max_batch_size = wanted["batch_size"]
    pipeline._num_threads = wanted["num_threads"]
    pipeline._device_id = wanted["device_id"]
    return pipeline
