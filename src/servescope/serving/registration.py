"""From a registration's options to a model version that is ready to be scaled. Called by `serving.lifecycle`.

What blocks (download, unpacking, pip) runs on a thread; whatever fails leaves nothing behind.
"""

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from servescope.archive.reader import Archive, name_from_file, open_archive
from servescope.archive.requirements import Run, install_requirements
from servescope.archive.source import ArchiveSource
from servescope.config.model.config import ModelConfig, parse_model_config
from servescope.config.model.options import ModelOptions, RegisterOptions, resolve_options
from servescope.config.model.restored import restored_options
from servescope.config.model.v2 import V2
from servescope.config.settings import Settings
from servescope.config.shown_url import shown_url
from servescope.fleet.gpus import GpuCounter, ModelDevices
from servescope.fleet.keeper import PoolOptions
from servescope.fleet.launch import LaunchPlan, worker_environment
from servescope.fleet.pool import Pool, PoolContext
from servescope.metrics.recording.recorder import Recorder
from servescope.serving.activator import Activator
from servescope.serving.catalog import Catalog
from servescope.serving.model import Model
from servescope.serving.queue.kinds.chosen import queue_of, sequence_headers
from servescope.wire.messages import Load, Measuring, MetricDeclaration, V2Tensors, Writing

logger = logging.getLogger("servescope.serving")

DEBUG_TIMEOUT_S = 7 * 24 * 3600.0
_PART_OVERHEAD = 1024  # of a reply's part, besides its body and headers; what is wrong with it is said in less
_FRAME_OVERHEAD = 2 * 1024 * 1024  # what a reply weighs besides its parts, or a load's outcome


class Host(Struct, frozen=True):
    """What models are registered with: settings, the place for unpacked archives, and the parts that all models share.

    `run` runs a program to its end, as `subprocess.run` does. `busy_poll`: workers may wait awake for their next batch.
    """

    settings: Settings
    workspace: Path
    environ: Mapping[str, str]
    gpus: GpuCounter
    cpus: int
    recorder: Recorder
    pools: PoolContext
    declarations: Sequence[MetricDeclaration]
    measuring: Measuring | None
    run: Run
    busy_poll: bool = False


async def open_model(options: RegisterOptions, host: Host, *, at_startup: bool) -> Archive:
    """The archive that is to be registered, fetched and unpacked.

    Raises:
        ServescopeError: as `build_model`.
    """
    return await asyncio.to_thread(_open, options, host, at_startup)


async def build_model(
    archive: Archive, options: RegisterOptions, host: Host, catalog: Catalog, *, at_startup: bool
) -> Model:
    """A new model version of an opened archive, not yet in the catalog and without workers.

    Raises:
        ServescopeError: with the status and text of the contract, for whatever cannot be registered; the archive is closed.
    """
    try:
        manifest = archive.manifest
        name, version = manifest.model_name, manifest.model_version
        catalog.refuse_duplicate(name, version, alone=bool(options.workflow))
        yaml = _read_yaml(archive)
        resolved = resolve_options(
            options,
            yaml,
            host.settings.startup_model(name, version),
            host.settings,
            at_startup=at_startup,
            cpus=host.cpus,
            gpus=host.gpus.count,
        )
        if options.saved is not None:
            resolved = restored_options(options.saved, resolved, host.settings, cpus=host.cpus, gpus=host.gpus.count)
        for warning in resolved.warnings:
            logger.warning("Model %s version %s: %s", name, version, warning)
        python = await _install(archive, host, resolved)
        if at_startup:
            catalog.startup_names.add(name)
        archive = replace(archive, downloaded=archive.downloaded or options.restores_download)
        at_startup = name in catalog.startup_names
        return _assemble(archive, resolved, host, python, options.workflow, loaded_at_startup=at_startup)
    except BaseException:
        await asyncio.to_thread(archive.close, keep_download=options.restores_download)
        raise


def _open(options: RegisterOptions, host: Host, at_startup: bool) -> Archive:
    settings = host.settings
    fetched = ArchiveSource(settings.model_store, settings.allowed_urls).fetch(options.url)
    return open_archive(
        fetched.path,
        shown_url(options.url),
        host.workspace,
        settings.default_service_handler,
        name=options.model_name or None,
        handler=options.handler or None,
        fallback_name=name_from_file(fetched.path.name) if at_startup else None,
        downloaded=fetched.downloaded,
    )


def _read_yaml(archive: Archive) -> ModelConfig | None:
    if archive.config_text is None:
        return None
    config, warnings = parse_model_config(archive.config_text, f"{archive.url}: {archive.manifest.config_file}")
    for warning in warnings:
        logger.warning("%s", warning)
    return config


async def _install(archive: Archive, host: Host, options: ModelOptions) -> str:
    """The interpreter of the model's workers, once its own requirements are there."""
    if not host.settings.install_py_dep_per_model:
        if (file := archive.manifest.requirements_file) is not None:
            logger.warning(
                "Model %s: its %s is not installed: install_py_dep_per_model is false",
                archive.manifest.model_name,
                file,
            )
        return sys.executable
    python = await asyncio.to_thread(install_requirements, archive, sys.executable, options.use_venv, host.run)
    return str(python) if python is not None else sys.executable


def _assemble(
    archive: Archive, options: ModelOptions, host: Host, python: str, workflow: str, *, loaded_at_startup: bool
) -> Model:
    name, version = archive.manifest.model_name, archive.manifest.model_version
    plan = _launch_plan(archive, options, host, python)
    device_type = options.device_type if options.ray is None else "cpu"  # of this machine
    devices = ModelDevices(host.gpus, device_type, options.device_ids, options.parallel_level)
    pool = Pool(plan, archive.directory, devices, _pool_options(options, host.settings), host.pools)
    recorder = host.recorder.model(name, version, options.objectives)
    dispatcher = queue_of(name, options, host.settings, pool, host.recorder, recorder)
    runtime = options.runtime or archive.manifest.runtime
    model = Model(name, version, runtime, archive, options, pool, dispatcher, recorder, loaded_at_startup, workflow)
    dispatcher.gate.activation = Activator(model)
    _show(model)
    return model


def _show(model: Model) -> None:
    """Have the model's own gauges tell of it."""
    recorder, pool, dispatcher, options = model.recorder, model.pool, model.dispatcher, model.options
    handler = model.archive.manifest.handler
    recorder.describe(handler, model.runtime, options.batch_size, options.max_batch_delay_ms, options.device_type)
    recorder.queue(
        lambda: len(dispatcher),
        lambda: dispatcher.oldest_s,
        lambda: dispatcher.in_flight_oldest_s,
        dispatcher.capacity,
    )
    if options.continuous_batching:
        recorder.batching.continuous.begin(lambda: sum(len(worker.in_flight) for worker in pool))
    recorder.workers(model.worker_states)
    # Of the model: scaling gives it other options.
    recorder.scaling(lambda: len(pool), lambda: model.options.min_workers, lambda: model.options.max_workers)


def _launch_plan(archive: Archive, options: ModelOptions, host: Host, python: str) -> LaunchPlan:
    settings = host.settings
    return LaunchPlan(
        _load(archive, options, host),
        python,
        worker_environment(
            {**host.environ, **sequence_headers(settings).renamed()},
            settings.blacklist_env_vars,
            str(archive.directory),
            archive.manifest.handler,
            venv=python != sys.executable,
        ),
        (2 * settings.max_response_size + _PART_OVERHEAD) * options.batch_size + _FRAME_OVERHEAD,
        options.max_concurrency or sys.maxsize,
        options.ray,
        options.ranks,
    )


def _pool_options(options: ModelOptions, settings: Settings) -> PoolOptions:
    response, startup = float(options.response_timeout_s), float(options.startup_timeout_s)
    if settings.debug:
        response = startup = DEBUG_TIMEOUT_S
    retirement = max(float(settings.unregister_model_timeout), response)
    return PoolOptions(response, startup, float(options.max_retry_timeout_s), retirement)


def _load(archive: Archive, options: ModelOptions, host: Host) -> Load:
    settings, manifest = host.settings, archive.manifest
    return Load(
        model_name=manifest.model_name,
        model_version=manifest.model_version,
        model_dir=str(archive.directory),
        manifest=dict(manifest.raw),
        handler=manifest.handler,
        envelope=settings.service_envelope or "",
        batch_size=options.batch_size,
        gpu_id=None,
        limit_max_image_pixels=settings.limit_max_image_pixels,
        decode_input=settings.decode_input_request,
        auto_detect=settings.model_metrics_auto_detect,
        metrics=list(host.declarations),
        answer_limit=settings.max_response_size,
        measuring=host.measuring,
        writing=Writing(settings.json_nan, settings.default_content_type == "auto"),
        v2=None if options.v2 is None else _tensors(options.v2),
        continuous=options.continuous_batching,
        busy_poll=host.busy_poll and options.ray is None,
    )


def _tensors(v2: V2) -> V2Tensors:
    return V2Tensors(v2.tensors == "numpy", [(one.name, one.datatype) for one in v2.outputs])
