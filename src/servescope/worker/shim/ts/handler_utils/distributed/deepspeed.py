"""`ts.handler_utils.distributed.deepspeed`: a model in DeepSpeed's inference engine. Needs deepspeed, when it is called."""

import json
import logging
import os
from pathlib import Path

logger = logging.getLogger(__name__)

_WEIGHTS = (".bin", ".pt")


def create_checkpoints_json(model_path, checkpoints_json) -> None:
    """Write the file that tells DeepSpeed which files below `model_path` are the weights."""
    files = sorted(str(one) for one in Path(model_path).rglob("*") if one.is_file() and one.suffix in _WEIGHTS)
    logger.info("Creating deepspeed checkpoint file %s", checkpoints_json)
    with open(checkpoints_json, "w", encoding="utf-8") as file:
        json.dump({"type": "ds_model", "checkpoints": files, "version": 1.0}, file)


def get_ds_engine(model, ctx):
    """The model in an engine, as `deepspeed` in model-config.yaml says: `config`, a file in the archive, and
    `checkpoint`, a file to write, which lists the weights below `handler`'s `model_path`.

    Raises:
        ValueError: there is no such section, or no such file.
    """
    wanted = ctx.model_yaml_config.get("deepspeed")
    if wanted is None:
        raise ValueError(f"{ctx.model_name} has no deepspeed config in model config yaml file")
    config = checkpoint = None
    if "config" in wanted:
        config = os.path.join(ctx.system_properties.get("model_dir"), wanted["config"])
        if not os.path.exists(config):
            raise ValueError(f"{ctx.model_name} has no deepspeed config file {config}")
    model_path = ctx.model_yaml_config["handler"]["model_path"]
    if "checkpoint" in wanted:
        checkpoint = wanted["checkpoint"]
        create_checkpoints_json(model_path, checkpoint)
    import deepspeed

    return deepspeed.init_inference(model, config=config, base_dir=model_path, checkpoint=checkpoint)
