"""What was asked of a model and is not in force: in, all that asked and what was decided; out, a warning each, with the reason.

Called by `options` once it has decided. TorchServe's order of precedence hides such things: a model-config.yaml that says nothing
of a timeout still overrules the server's own.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from servescope.config.model.config import ModelConfig, yaml_names
from servescope.config.model.worker_counts import workers_of_yaml
from servescope.config.settings import Settings
from servescope.config.values.models_json import StartupModel

if TYPE_CHECKING:
    from servescope.config.model.options import ModelOptions, RegisterOptions

Asked = tuple[tuple[str, int | None], ...]

_TIMEOUTS = (("response_timeout", "responseTimeout"), ("startup_timeout", "startupTimeout"))
_UNITS = ("", "_s", "_ms")


def overruled(
    request: "RegisterOptions",
    yaml: ModelConfig | None,
    entry: StartupModel,
    settings: Settings,
    decided: "ModelOptions",
    *,
    at_startup: bool,
) -> Iterator[str]:
    """The warnings. `entry`: what the key `models` says of the version; `yaml` None: the archive has no model-config.yaml."""
    if yaml is not None:
        yield from _misspelt(yaml, decided)
        if not settings.debug:
            yield from _timeouts(request, yaml, entry, settings, decided)
        yield from _batching(request, yaml, entry, decided)
        yield from _alone(yaml, settings, decided)
    elif not settings.debug:
        yield from _entry_over_request(request, decided)
    yield from _workers(request, yaml, entry, decided, at_startup=at_startup)


def _misspelt(yaml: ModelConfig, decided: "ModelOptions") -> Iterator[str]:
    for written, key in yaml.misspelt.items():
        name = yaml_names()[key]
        value = next((getattr(decided, key + unit) for unit in _UNITS if hasattr(decided, key + unit)), None)
        force = f"{name} is {value}" if isinstance(value, int | str) and value != "" else f"there is no {name}"
        yield f"{written} in model-config.yaml is not the server's {name}, and is left to the handler: {force}"


def _timeouts(
    request: "RegisterOptions", yaml: ModelConfig, entry: StartupModel, settings: Settings, decided: "ModelOptions"
) -> Iterator[str]:
    for key, name in _TIMEOUTS:
        said, force = getattr(yaml, key), getattr(decided, f"{key}_s")
        default = f"default_{key}"
        asked: Asked = (
            (f"{key}={getattr(request, key)} of the registration", getattr(request, key)),
            (f"{name}={getattr(entry, key)} of the key models", getattr(entry, key)),
        )
        if said is None and default in settings.properties:
            asked += ((f"{default}={getattr(settings, default)}", getattr(settings, default)),)
        why = "its model-config.yaml says so" if said else "its model-config.yaml does not say, which means 120"
        for text, value in asked:
            if value is not None and value != force:
                yield f"{text} is overruled: {name} is {force} s, as {why}"


def _batching(
    request: "RegisterOptions", yaml: ModelConfig, entry: StartupModel, decided: "ModelOptions"
) -> Iterator[str]:
    for key, name, force in (
        ("batch_size", "batchSize", decided.batch_size),
        ("max_batch_delay", "maxBatchDelay", decided.max_batch_delay_ms),
    ):
        said = getattr(entry, key)
        if said is not None and said != force and getattr(request, key) is None and getattr(yaml, key) is not None:
            yield f"{name}={said} of the key models is overruled: it is {force}, as its model-config.yaml says so"


def _entry_over_request(request: "RegisterOptions", decided: "ModelOptions") -> Iterator[str]:
    for key, name in _TIMEOUTS:
        said, force = getattr(request, key), getattr(decided, f"{key}_s")
        if said is not None and said != force:
            yield f"{key}={said} of the registration is overruled: {name} is {force} s, as the key models says so"


def _workers(
    request: "RegisterOptions",
    yaml: ModelConfig | None,
    entry: StartupModel,
    decided: "ModelOptions",
    *,
    at_startup: bool,
) -> Iterator[str]:
    least, most = decided.min_workers, decided.max_workers
    ruled = yaml is not None and workers_of_yaml(yaml, decided.autoscale, []) is not None
    why = "its model-config.yaml says so" if ruled else "the key models counts for workers at the start only"
    workers = f"it has {least} to {most} workers, as {why}"
    asked = request.initial_workers
    if ruled and asked is not None and asked != least:
        yield f"initial_workers={asked} is overruled: {workers}"
    if not ruled and at_startup:
        return
    for name, said, force in (("minWorkers", entry.min_workers, least), ("maxWorkers", entry.max_workers, most)):
        if said is not None and said != force:
            yield f"{name}={said} of the key models is overruled: {workers}"


def _alone(yaml: ModelConfig, settings: Settings, decided: "ModelOptions") -> Iterator[str]:
    """Keys of the yaml that ask for something which something else would have to be there for."""
    needs: Mapping[str, tuple[Any, str]] = {
        "deviceType gpu": (
            yaml.device_type == "gpu" and decided.device_type != "gpu",
            "there is no GPU to use: it is cpu",
        ),
        f"parallelLevel {yaml.parallel_level}": (
            yaml.parallel_level and not yaml.parallel_type and yaml.torchrun is None,
            "there is no parallelType: a worker has one GPU at most",
        ),
        "useVenv": (
            yaml.use_venv and not settings.install_py_dep_per_model,
            "install_py_dep_per_model is false: its workers run the server's interpreter",
        ),
        "useJobTicket": (
            decided.use_job_ticket and decided.sequence_batching,
            "sequenceBatching says how many requests may wait",
        ),
        **_sequences(yaml),
    }
    for what, (asked, why) in needs.items():
        if asked:
            yield f"{what} in model-config.yaml has no effect: {why}"


def _sequences(yaml: ModelConfig) -> Mapping[str, tuple[Any, str]]:
    """What is said of sequences where the model keeps none, as that takes two keys."""
    if yaml.sequence_batching and yaml.sequence_max_idle_ms:
        return {}
    why = "there is no " + ("sequenceMaxIdleMSec above 0" if yaml.sequence_batching else "sequenceBatching: true")
    return {
        "sequenceBatching": (yaml.sequence_batching, why),
        "sequenceMaxIdleMSec": (yaml.sequence_max_idle_ms, why),
        "sequenceTimeoutMSec": (yaml.sequence_timeout_ms, why),
        "maxNumSequence": (yaml.max_num_sequence, why),
        "maxSequenceJobQueueSize": (yaml.max_sequence_job_queue_size, why),
    }
