"""An archive's model-config.yaml: in, its text; out, `ModelConfig` and warnings.

Called by archive, read by `model_options`. Only the server's own keys are read; all others are the handler's, which
gets the whole file. Keys, least values and the rule to warn about and ignore what has a wrong type are TorchServe's
(archive/model/ModelConfig); the largest values are our own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from servescope.config.bounds import (
    MAX_BATCH_DELAY_MS,
    MAX_BATCH_SIZE,
    MAX_GPUS,
    MAX_QUEUE,
    MAX_TIMEOUT_MS,
    MAX_TIMEOUT_S,
    MAX_WORKERS,
)
from servescope.config.model.autoscale_values import Given, parse_autoscale
from servescope.config.model.misspelt import misspelt
from servescope.config.model.objectives import Objectives, parse_objectives
from servescope.config.model.placement.ray import RayOptions, backend, parse_ray
from servescope.config.model.placement.torchrun import TorchRun, read_torchrun
from servescope.config.model.v2 import V2, parse_v2
from servescope.config.model.yaml_key import yaml_key, yaml_keys
from servescope.config.model.yaml_values import OutOfBounds, device_ids, flag, load_yaml, one_of, shown, whole
from servescope.errors import InvalidModel

T = TypeVar("T")


def _as_it_is(value: Any) -> Any:
    """A section that `parse_model_config` reads, as it needs the file's name for its refusals."""
    return value


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """What the file says, None where it says nothing. Delays in ms (`_ms` and `max_batch_delay`), timeouts in s.

    `misspelt`: keys that are nearly the server's, with the fields of those that they are like.
    """

    min_workers: int | None = field(
        default=None, metadata=yaml_key("minWorkers", whole(0, MAX_WORKERS), "Workers to start.")
    )
    max_workers: int | None = field(
        default=None,
        metadata=yaml_key(
            "maxWorkers", whole(0, MAX_WORKERS), "Most workers; counts only with 0 < minWorkers ≤ maxWorkers."
        ),
    )
    batch_size: int | None = field(
        default=None, metadata=yaml_key("batchSize", whole(1, MAX_BATCH_SIZE), "Most requests a batch.")
    )
    max_batch_delay: int | None = field(
        default=None,
        metadata=yaml_key("maxBatchDelay", whole(0, MAX_BATCH_DELAY_MS), "Milliseconds to wait for a batch to fill."),
    )
    response_timeout: int | None = field(
        default=None,
        metadata=yaml_key(
            "responseTimeout", whole(1, MAX_TIMEOUT_S), "Seconds a batch may take; 120 in any model with a yaml."
        ),
    )
    startup_timeout: int | None = field(
        default=None,
        metadata=yaml_key(
            "startupTimeout", whole(1, MAX_TIMEOUT_S), "Seconds loading may take; 120 in any model with a yaml."
        ),
    )
    device_type: str | None = field(
        default=None, metadata=yaml_key("deviceType", one_of("cpu", "gpu"), "Where the model runs: cpu or gpu.")
    )
    device_ids: tuple[int, ...] | None = field(
        default=None, metadata=yaml_key("deviceIds", device_ids, "GPUs that the model's workers may use.")
    )
    parallel_type: str | None = field(
        default=None,
        metadata=yaml_key("parallelType", one_of("pp", "tp", "pptp", "custom"), "How one model spans GPUs."),
    )
    parallel_level: int | None = field(
        default=None,
        metadata=yaml_key("parallelLevel", whole(1, MAX_GPUS), "GPUs a worker, where parallelType is set."),
    )
    torchrun: TorchRun | None = field(
        default=None, metadata=yaml_key("torchrun", read_torchrun, "Options of torchrun, described below.")
    )
    max_retry_timeout_s: int | None = field(
        default=None,
        metadata=yaml_key(
            "maxRetryTimeoutInSec", whole(1, MAX_TIMEOUT_S), "Seconds for which a dead worker is restarted."
        ),
    )
    client_timeout_ms: int | None = field(
        default=None,
        metadata=yaml_key(
            "clientTimeoutInMills", whole(0, MAX_TIMEOUT_MS), "Milliseconds that a request may wait; 0: for ever."
        ),
    )
    job_queue_size: int | None = field(
        default=None,
        metadata=yaml_key("jobQueueSize", whole(1, MAX_QUEUE), "Requests that may wait, instead of job_queue_size."),
    )
    use_job_ticket: bool | None = field(
        default=None, metadata=yaml_key("useJobTicket", flag, "Refuse requests while no worker is free.")
    )
    use_venv: bool | None = field(
        default=None, metadata=yaml_key("useVenv", flag, "Run workers in a virtual environment of their own.")
    )
    continuous_batching: bool | None = field(
        default=None,
        metadata=yaml_key("continuousBatching", flag, "Call the handler until each request says it is done."),
    )
    sequence_batching: bool | None = field(
        default=None,
        metadata=yaml_key(
            "sequenceBatching",
            flag,
            "Keep the requests of a sequence on one worker; counts only with sequenceMaxIdleMSec.",
        ),
    )
    async_communication: bool | None = field(
        default=None,
        metadata=yaml_key("asyncCommunication", flag, "The handler is a coroutine and takes requests any time."),
    )
    max_concurrency: int | None = field(
        default=None,
        metadata=yaml_key(
            "maxConcurrency",
            whole(1, MAX_QUEUE),
            "Requests that a worker with asyncCommunication, or of a language model, has in hand at once; more wait in the queue"
            " (jobQueueSize). Without it there is no bound. Not in TorchServe.",
        ),
    )
    sequence_max_idle_ms: int | None = field(
        default=None,
        metadata=yaml_key(
            "sequenceMaxIdleMSec", whole(0, MAX_TIMEOUT_MS), "Milliseconds after which an idle sequence ends."
        ),
    )
    sequence_timeout_ms: int | None = field(
        default=None,
        metadata=yaml_key(
            "sequenceTimeoutMSec", whole(0, MAX_TIMEOUT_MS), "Milliseconds after which any sequence ends."
        ),
    )
    max_sequence_job_queue_size: int | None = field(
        default=None,
        metadata=yaml_key("maxSequenceJobQueueSize", whole(1, MAX_QUEUE), "Requests that may wait in one sequence."),
    )
    max_num_sequence: int | None = field(
        default=None,
        metadata=yaml_key(
            "maxNumSequence", whole(1, MAX_QUEUE), "Sequences at a time; batchSize × maxWorkers at least."
        ),
    )
    objectives: Objectives | None = field(
        default=None, metadata=yaml_key("slo", _as_it_is, "The model's objectives, described below. Not in TorchServe.")
    )
    v2: V2 | None = field(
        default=None,
        metadata=yaml_key(
            "v2", _as_it_is, "Speak KServe's V2 protocol, described below; may be empty. Not in TorchServe."
        ),
    )
    autoscale: Given = field(
        default_factory=dict,
        metadata=yaml_key(
            "autoscale", _as_it_is, "How the number of workers follows the load, described below. Not in TorchServe."
        ),
    )
    backend: str | None = field(
        default=None,
        metadata=yaml_key(
            "backend", backend, "Where workers run: process or ray; worker_backend unless given. Not in TorchServe."
        ),
    )
    ray: RayOptions | None = field(
        default=None,
        metadata=yaml_key(
            "ray", _as_it_is, "What a worker takes of a Ray cluster, described below; may be empty. Not in TorchServe."
        ),
    )
    misspelt: Mapping[str, str] = field(default_factory=dict)


def yaml_names() -> dict[str, str]:
    """How the server's keys are spelt in the file, by their fields' names."""
    return {name: key.name for name, key in yaml_keys(ModelConfig).items()}


def parse_model_config(text: str, name: str) -> tuple[ModelConfig, list[str]]:
    """Read a model-config.yaml; `name` is the file's, for the messages. An empty file says nothing.

    Returns warnings about values that are ignored for their type. Raises InvalidModel for broken YAML, for a file that is
    no mapping, and for numbers over their bounds, BadRequest for an `slo`, `v2`, `ray` or `autoscale` section that cannot be
    kept to.
    """
    content = _load(text, name)
    warnings: list[str] = []
    values = _read(ModelConfig, content, name, warnings)
    if "torchrun" in values:
        section = _read(TorchRun, values["torchrun"], f"{name}: torchrun", warnings)
        values["torchrun"] = TorchRun(**section)
        if "nproc_per_node" in section:
            values["parallel_level"] = section["nproc_per_node"]
        names = {key.name: key.name for key in yaml_keys(TorchRun).values()}
        near = misspelt(content["torchrun"], names)
        warnings += [f"{name}: torchrun: {written} is ignored; did you mean {key}?" for written, key in near.items()]
    if "objectives" in values:
        values["objectives"] = parse_objectives(values["objectives"], name)
    if "v2" in values:
        values["v2"] = parse_v2(values["v2"], name)
    if "autoscale" in values:
        values["autoscale"] = parse_autoscale(values["autoscale"], name)
    if "ray" in values:
        values["ray"] = parse_ray(values["ray"], name)
    return ModelConfig(**values, misspelt=misspelt(content, yaml_names())), warnings


def _load(text: str, name: str) -> Mapping[Any, Any]:
    try:
        content = load_yaml(text)
    except ValueError as error:
        raise InvalidModel(f"{name} is no valid YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InvalidModel(f"{name} holds a {type(content).__name__}, not a mapping of settings")
    return content


def _read(target: type, content: Mapping[Any, Any], name: str, warnings: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field_name, key in yaml_keys(target).items():
        if key.name not in content:
            continue
        try:
            values[field_name] = key.read(content[key.name])
        except OutOfBounds as error:
            raise InvalidModel(f"{name}: {key.name}={shown(content[key.name])} {error}") from error
        except ValueError as error:
            warnings.append(f"{name}: {key.name}={shown(content[key.name])} is ignored: it {error}")
    return values
