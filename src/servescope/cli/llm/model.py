"""The model that `servescope llm` registers: in, an `LlmCommand`; out, its name and a folder such as an archive unpacks to.

Called by `cli.llm.command`. The folder holds a manifest and a model-config.yaml, and no weights: these stay where they are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from servescope.archive.manifest import ARCHIVER_VERSION, MANIFEST_PATH, Manifest, render_manifest
from servescope.cli.llm.build import CPU, GPU
from servescope.cli.llm.words import LlmCommand
from servescope.errors import ConfigurationError

HANDLER = "vllm_handler"
CONFIG_FILE = "model-config.yaml"

# Each multiplies the GPUs that an engine spans. vLLM takes `_` for `-` in the names of its options.
_SPANS = {
    "--tensor-parallel-size": "tp",
    "-tp": "tp",
    "--pipeline-parallel-size": "pp",
    "-pp": "pp",
    "--data-parallel-size": "dp",
    "-dp": "dp",
}
# Options of vLLM's own HTTP server, which does not run here, and what does their work.
_ELSEWHERE = {
    "--host": "set inference_address in config.properties",
    "--port": "set inference_address in config.properties",
    "--uds": "set inference_address=unix:/path in config.properties",
    "--api-key": "this server makes its own keys, in key_file.json",
    "--ssl-keyfile": "set private_key_file in config.properties",
    "--ssl-certfile": "set certificate_file in config.properties",
    "--api-server-count": "one front end serves every replica",
    "--model": "the first word names the model",
}
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class LlmModel:
    """`name` and `version`: what it is registered as; `source`: what vLLM loads, an absolute path or a hub's name; `device_type`:
    what vLLM is built for, cpu or gpu.
    """

    name: str
    version: str
    source: str
    command: LlmCommand
    device_type: str = GPU


def find_model(command: LlmCommand, directory: Path) -> LlmModel:
    """Which model is meant, seen from `directory`.

    Raises:
        ConfigurationError: a path with nothing there, a name that no URL can hold, an option that has no effect here.
    """
    _check_engine(command.engine)
    source = _source(command.model, directory)
    name = _UNSAFE.sub("-", Path(source).name).strip("-.") or "model"
    for option, value in (("--model-name", command.name), ("--model-version", command.version)):
        if value is not None and (not value.strip(".") or _UNSAFE.search(value)):
            raise ConfigurationError(f"{option} {value!r} must be of letters, digits and the signs . _ - alone")
    return LlmModel(command.name or name, command.version, source, command)


def write_model(model: LlmModel, folder: Path) -> Path:
    """Write the folder's files; returns it."""
    manifest = Manifest(
        model_name=model.name,
        model_version=model.version,
        handler=HANDLER,
        config_file=CONFIG_FILE,
        archiver_version=ARCHIVER_VERSION,
    )
    path = folder / MANIFEST_PATH
    path.parent.mkdir(parents=True)
    path.write_bytes(render_manifest(manifest))
    text = yaml.safe_dump(model_config(model), sort_keys=False, allow_unicode=True)
    (folder / CONFIG_FILE).write_text(text, encoding="utf-8")
    return folder


def model_config(model: LlmModel) -> Mapping[str, Any]:
    """What model-config.yaml says. Each replica gets GPUs of its own, by parallelLevel; without GPUs that says nothing, unless a
    cluster is asked for them: one for which vLLM has no use would be waited for in vain.
    """
    command = model.command
    spans = _spans(command.engine)
    level = 1
    for size in spans.values():
        level *= size
    # A worker's handler takes parallelLevel for vLLM's tensor parallelism, unless the words say otherwise.
    words = ["--tensor-parallel-size=1"] if level > 1 and "tp" not in spans else []
    given = command.ray or {}
    # Whoever says how much of a GPU a worker gets on Ray, or none, does not mean a whole one besides.
    parallel = {} if level == 1 and "num_gpus" in given else {"parallelType": "custom", "parallelLevel": level}
    return {
        **({"deviceType": CPU} if model.device_type == CPU else {}),
        **({"ray": dict(given)} if given else {}),
        **parallel,
        "minWorkers": command.replicas,
        "maxWorkers": command.replicas,
        "startupTimeout": command.startup_timeout_s,
        "responseTimeout": command.response_timeout_s,
        "asyncCommunication": True,
        "handler": {
            "model_path": model.source,
            "served_model_names": [command.model],
            "vllm_engine_args": [*words, *command.engine],
        },
    }


def _source(model: str, directory: Path) -> str:
    """An absolute path where there is such a folder or file, else the name of a model elsewhere."""
    try:
        path = directory / Path(model).expanduser()
        there = path.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigurationError(f"MODEL {model!r} cannot be looked for: {error}") from error
    if there:
        return str(path.resolve())
    if model.startswith(("/", "./", "../", "~")) or model in ("", ".", ".."):
        raise ConfigurationError(f"MODEL {model!r}: there is no such folder or file ({path})")
    return model


def _check_engine(words: Sequence[str]) -> None:
    for word in words:
        name = _name(word)
        if name in _ELSEWHERE:
            raise ConfigurationError(f"{word}: this is no option of vLLM's engine; {_ELSEWHERE[name]}")


def _name(word: str) -> str:
    name = word.partition("=")[0]
    return name.replace("_", "-") if name.startswith("--") else name


def _spans(words: Sequence[str]) -> dict[str, int]:
    """The sizes that are given, the last of each; what is no number is left for vLLM to refuse."""
    sizes = {}
    for word, following in pairwise((*words, "")):
        key = _SPANS.get(_name(word))
        text = word.partition("=")[2] or following
        if key is not None and text.isascii() and text.isdigit() and 0 < len(text) < 5:
            sizes[key] = max(1, int(text))
    return sizes
