"""What a model version runs with: in, its registration, yaml, `models` entry and the settings; out, `ModelOptions`.

Called by serving. The precedence is TorchServe's
(wlm/ModelManager.createModel, wlm/Model, ModelServer.initModelStore, util/ApiUtils).
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from msgspec import Struct

from servescope.config.model.autoscale import Autoscale, Mode
from servescope.config.model.autoscale_values import given_by_settings, resolve_autoscale
from servescope.config.model.config import ModelConfig
from servescope.config.model.objectives import Objectives
from servescope.config.model.overruled import overruled
from servescope.config.model.placement.devices import placed, worker_capacity
from servescope.config.model.placement.ranks import Ranks
from servescope.config.model.placement.ray import RayOptions
from servescope.config.model.v2 import V2
from servescope.config.model.worker_counts import idle_bounds, most_workers, refuse_too_many, workers_of_yaml
from servescope.config.settings import Settings
from servescope.config.snapshots.saved import SavedVersion
from servescope.config.values.models_json import StartupModel
from servescope.errors import WorkerInitialization

DEFAULT_BATCH_SIZE: Final = 1
DEFAULT_MAX_BATCH_DELAY_MS: Final = 100
DEFAULT_MAX_RETRY_TIMEOUT_S: Final = 300
YAML_TIMEOUT_S: Final = 120
V2_ENVELOPE: Final = "kservev2"
DEBUG_TIMEOUT_S: Final = 2**31 - 1


class RegisterOptions(Struct, frozen=True, kw_only=True):
    """A registration's parameters, None where they were not given; `max_batch_delay` in ms, timeouts in s.

    `saved`: what a snapshot says, from which the model is restored; it comes before what `resolve_options` decides (`restored`).
    `workflow`: whose node it is, "" where nobody but its clients knows it.
    """

    url: str
    model_name: str | None = None
    handler: str | None = None
    runtime: str | None = None
    batch_size: int | None = None
    max_batch_delay: int | None = None
    initial_workers: int | None = None
    synchronous: bool = True
    response_timeout: int | None = None
    startup_timeout: int | None = None
    s3_sse_kms: bool = False
    saved: SavedVersion | None = None
    workflow: str = ""

    @property
    def restores_download(self) -> bool:
        """Whether a server before downloaded the archive for this model, and left it in the store."""
        return self.saved is not None and self.saved.downloaded is True


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """What one model version runs with, nothing left open. `parallel_type` "" and `parallel_level` 0: not parallel.

    `max_concurrency`: batches that an asynchronous worker has in hand, None: any number.
    `device_ids` None: any GPU. `runtime` None: the manifest's. `objectives` None: no `slo`. `v2` None: it does not speak
    KServe's V2 protocol. `autoscale`: the model's, the server's where it says nothing. `ray` None: its workers run in processes
    here. `ranks` None: each is one process. `warnings`: what was asked for and is ignored.
    """

    min_workers: int
    max_workers: int
    batch_size: int = DEFAULT_BATCH_SIZE
    max_batch_delay_ms: int = DEFAULT_MAX_BATCH_DELAY_MS
    response_timeout_s: int = 120
    startup_timeout_s: int = 120
    job_queue_size: int = 100
    max_retry_timeout_s: int = DEFAULT_MAX_RETRY_TIMEOUT_S
    client_timeout_ms: int = 0
    device_type: str = "cpu"
    device_ids: tuple[int, ...] | None = None
    parallel_type: str = ""
    parallel_level: int = 0
    use_job_ticket: bool = False
    use_venv: bool = False
    continuous_batching: bool = False
    async_communication: bool = False
    max_concurrency: int | None = None
    sequence_batching: bool = False
    sequence_max_idle_ms: int = 0
    sequence_timeout_ms: int = 0
    max_num_sequence: int = 0
    max_sequence_job_queue_size: int = 0
    runtime: str | None = None
    objectives: Objectives | None = None
    v2: V2 | None = None
    autoscale: Autoscale = field(default_factory=Autoscale)
    ray: RayOptions | None = None
    ranks: Ranks | None = None
    warnings: tuple[str, ...] = ()


def resolve_options(
    request: RegisterOptions,
    yaml: ModelConfig | None,
    startup: StartupModel | None,
    settings: Settings,
    *,
    at_startup: bool,
    cpus: int,
    gpus: int,
) -> ModelOptions:
    """Decide every option of a model version.

    Batching: request, yaml, `models`, default. Timeouts: yaml (120 s where silent), `models`, request, settings.
    Workers: yaml, then `models` (only `at_startup`), then request or settings. `gpus` is how many may be used, after
    `number_of_gpu`. Raises WorkerInitialization if a parallel model needs more GPUs than there are, InvalidModel for numbers
    over their bounds, BadRequest for keys of `autoscale` that contradict each other.
    """
    config, entry, most = yaml or ModelConfig(), startup or StartupModel(), most_workers(settings, cpus, gpus)
    refuse_too_many(config, entry, most)
    warnings: list[str] = []
    devices = placed(config, settings, gpus, warnings)
    autoscale = _autoscale(config, settings, warnings)
    each = min(gpus or cpus, most)
    asked = _workers_at_startup(entry, settings, each) if at_startup else _workers_by_api(request, settings)
    bounds = _clipped(workers_of_yaml(config, autoscale, warnings) or asked, devices, gpus, warnings)
    warnings += idle_bounds(autoscale, **bounds)
    decided = ModelOptions(
        **bounds,
        runtime=entry.runtime_type or request.runtime,
        autoscale=autoscale,
        **devices,
        **_batching(request, config, entry, bounds["max_workers"]),
        **_timeouts(request, yaml, entry, settings),
        **_yaml_only(config, settings),
    )
    more = overruled(request, yaml, entry, settings, decided, at_startup=at_startup)
    return replace(decided, warnings=(*warnings, *more))


def _autoscale(config: ModelConfig, settings: Settings, warnings: list[str]) -> Autoscale:
    given = given_by_settings(settings.autoscale)
    autoscale = resolve_autoscale(given, config.autoscale, "model-config.yaml")
    if config.autoscale and not autoscale.on and "mode" not in {*given, *config.autoscale}:
        warnings.append("autoscale has no mode, and autoscale_mode is not set: the number of workers stays what it is")
    if autoscale.on and settings.metrics_mode == "off":
        warnings.append(
            f"autoscale mode {autoscale.mode} has no effect: there is nothing to decide by, as metrics_mode is off"
        )
        return replace(autoscale, mode=Mode.OFF)
    return autoscale


def _workers_at_startup(entry: StartupModel, settings: Settings, each: int) -> tuple[int, int]:
    workers = 1 if settings.debug else settings.default_workers_per_model or each
    least = entry.min_workers or workers
    return least, max(least, entry.max_workers or workers)


def _workers_by_api(request: RegisterOptions, settings: Settings) -> tuple[int, int]:
    asked = request.initial_workers
    workers = settings.default_workers_per_model if asked is None else asked
    return workers, workers


def _clipped(workers: tuple[int, int], devices: dict[str, Any], gpus: int, warnings: list[str]) -> dict[str, Any]:
    least, most = workers
    level = devices["parallel_level"]
    capacity = worker_capacity(devices["device_type"], devices["device_ids"], level, gpus)
    if capacity == 0:
        raise WorkerInitialization(f"parallelLevel {level} needs more GPUs than the model may use ({gpus} here)")
    if capacity is not None and capacity < most:
        warnings.append(
            f"minWorkers {least} with maxWorkers {most} is more than the GPUs carry at parallelLevel {level}: {capacity} at most"
        )
        least, most = min(least, capacity), capacity
    return {"min_workers": least, "max_workers": most}


def _batching(request: RegisterOptions, config: ModelConfig, entry: StartupModel, workers: int) -> dict[str, Any]:
    delays = (request.max_batch_delay, config.max_batch_delay, entry.max_batch_delay, DEFAULT_MAX_BATCH_DELAY_MS)
    size = request.batch_size or config.batch_size or entry.batch_size or DEFAULT_BATCH_SIZE
    return {
        "batch_size": size,
        "max_batch_delay_ms": next(delay for delay in delays if delay is not None),
        "continuous_batching": bool(config.continuous_batching),
        "use_job_ticket": bool(config.use_job_ticket),
        **_sequences(config, size * workers),
    }


def _timeouts(
    request: RegisterOptions, yaml: ModelConfig | None, entry: StartupModel, settings: Settings
) -> dict[str, Any]:
    if settings.debug:
        return {"response_timeout_s": DEBUG_TIMEOUT_S, "startup_timeout_s": DEBUG_TIMEOUT_S}
    if yaml is not None:
        return {
            "response_timeout_s": yaml.response_timeout or YAML_TIMEOUT_S,
            "startup_timeout_s": yaml.startup_timeout or YAML_TIMEOUT_S,
        }
    return {
        "response_timeout_s": entry.response_timeout or request.response_timeout or settings.default_response_timeout,
        "startup_timeout_s": entry.startup_timeout or request.startup_timeout or settings.default_startup_timeout,
    }


def _yaml_only(config: ModelConfig, settings: Settings) -> dict[str, Any]:
    return {
        "objectives": config.objectives,
        "v2": config.v2 or (V2() if settings.service_envelope == V2_ENVELOPE else None),
        "job_queue_size": config.job_queue_size or settings.job_queue_size,
        "max_retry_timeout_s": config.max_retry_timeout_s or DEFAULT_MAX_RETRY_TIMEOUT_S,
        "client_timeout_ms": config.client_timeout_ms or 0,
        "use_venv": bool(config.use_venv),
        "async_communication": bool(config.async_communication),
        "max_concurrency": config.max_concurrency,
    }


def _sequences(config: ModelConfig, at_once: int) -> dict[str, Any]:
    """`at_once`: requests that all workers have in batches together; as many sequences as that may be open in any case."""
    if not config.sequence_max_idle_ms:
        return {}
    return {
        "sequence_max_idle_ms": config.sequence_max_idle_ms,
        "sequence_timeout_ms": config.sequence_timeout_ms or 0,
        "sequence_batching": bool(config.sequence_batching),
        "max_num_sequence": max(config.max_num_sequence or 1, at_once if config.sequence_batching else 1),
        "max_sequence_job_queue_size": config.max_sequence_job_queue_size or 1,
    }
