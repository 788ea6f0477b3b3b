"""Which models are served, and by how many workers. A part of `settings.Settings`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from servescope.config import bounds
from servescope.config.keys import key
from servescope.config.model.autoscale_values import parse_autoscale_key
from servescope.config.snapshots.saved import SavedModels, parse_saved_models
from servescope.config.values.load_list import LoadModel
from servescope.config.values.models_json import StartupModels
from servescope.config.values.parsers import (
    choice,
    flag,
    path,
    url_patterns,
    whole,
    words,
)
from servescope.config.values.ray_address import host_and_port, ray_address

DEFAULT_ALLOWED_URLS: Final = r"file://.*|http(s)?://.*"


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)  # `Settings` has them for all
class ModelSettings:
    """Timeouts in seconds, paths absolute."""

    model_store: Path | None = field(
        default=None,
        metadata=key(path, "Directory of the archives. Required to start, here or as --model-store.", default="none"),
    )
    workflow_store: Path | None = field(
        default=None, metadata=key(path, "Directory of workflow archives.", default="model_store")
    )
    load_models: tuple[LoadModel, ...] = field(
        default=(),
        metadata=key(None, "Models to load at start: `all`, or `[name=]url` between commas.", default="none"),
    )
    load_all: bool = False
    models: StartupModels = field(
        default_factory=dict,
        metadata=key(None, "JSON with options a model and version, described below.", default="none"),
    )
    model_snapshot: SavedModels | None = field(
        default=None,
        metadata=key(
            parse_saved_models,
            "The models to start with, in place of load_models: JSON as snapshots have it.",
            default="none",
        ),
    )
    allowed_urls: tuple[re.Pattern[str], ...] = field(
        default=(re.compile(DEFAULT_ALLOWED_URLS, re.IGNORECASE),),
        metadata=key(
            url_patterns,
            "Regular expressions between commas; an archive's whole URL must match one. Empty allows none.",
            empty_counts=True,
        ),
    )
    install_py_dep_per_model: bool = field(default=False, metadata=key(flag, "Install each model's requirements file."))
    default_service_handler: str | None = field(
        default=None, metadata=key(words, "Handler of archives that name none.", default="none")
    )
    service_envelope: str | None = field(
        default=None,
        metadata=key(words, "Envelope around every handler: body, json, kserve, kservev2.", default="none"),
    )
    default_workers_per_model: int = field(
        default=0,
        metadata=key(
            whole(0, bounds.MAX_WORKERS),
            "Workers a model; 0: one a GPU, or else one a CPU, at start, and none by API. CPUs are those of the process's"
            " affinity, at most its cgroup's quota, rounded up.",
        ),
    )
    worker_busy_poll: bool = field(
        default=True,
        metadata=key(
            flag,
            "Let a worker that is asked again within 250 microseconds of its answer, again and again, look for its next batch"
            " instead of sleeping, and a front end whose only request is answered within 400 for the answer: to be woken takes up"
            " to 40 microseconds of a request. What that takes of a processor is servescope_worker_polling_seconds_total and"
            " servescope_front_end_polling_seconds_total. Never where there is one processor, or a cgroup's quota. Not in"
            " TorchServe.",
        ),
    )
    max_workers_per_model: int | None = field(
        default=None,
        metadata=key(
            whole(1, bounds.MAX_WORKERS),
            "Most workers that a version of a model may have, whoever asks for them. Not in TorchServe.",
            default="8 times the GPUs or the CPUs, whichever are more",
        ),
    )
    default_response_timeout: int = field(
        default=120, metadata=key(whole(1, bounds.MAX_TIMEOUT_S), "Seconds that a worker may take for one batch.")
    )
    default_startup_timeout: int = field(
        default=120, metadata=key(whole(1, bounds.MAX_TIMEOUT_S), "Seconds that a worker may take to load its model.")
    )
    unregister_model_timeout: int = field(
        default=120, metadata=key(whole(1, bounds.MAX_TIMEOUT_S), "Seconds that a model's workers may take to stop.")
    )
    job_queue_size: int = field(
        default=100, metadata=key(whole(1, bounds.MAX_QUEUE), "Requests that may wait, for each model version.")
    )
    shutdown_timeout: int | None = field(
        default=None,
        metadata=key(
            whole(0, bounds.MAX_TIMEOUT_S),
            "Seconds that a server which stops gives to what is in flight; then workers are ended. Not in TorchServe.",
            default="the longest response timeout of the models",
        ),
    )
    number_of_gpu: int | None = field(
        default=None,
        metadata=key(whole(0, bounds.MAX_GPUS), "GPUs to use, at most those detected.", default="those detected"),
    )
    autoscale: Mapping[str, Any] = field(
        default_factory=dict,
        metadata=key(
            parse_autoscale_key,
            "What holds for every model whose `autoscale` does not say otherwise, a key at a time, described below; autoscale_mode"
            " is off unless it is given. Not in TorchServe.",
            default="the key's own",
            each="key",
        ),
    )
    worker_backend: str = field(
        default="process",
        metadata=key(
            choice("process", "ray"),
            "Where workers run: process, on this machine, or ray, on nodes of a Ray cluster; a model's own `backend` goes first."
            " Not in TorchServe.",
        ),
    )
    ray_address: str = field(
        default="auto",
        metadata=key(
            ray_address,
            "The cluster: auto (the one that this machine is a node of), HOST:PORT of its head, ray://HOST:PORT, or local, which"
            " starts one here. Not in TorchServe.",
        ),
    )
    ray_worker_address: tuple[str, int] | None = field(
        default=None,
        metadata=key(
            host_and_port,
            "HOST or HOST:PORT of this machine, which workers on Ray's nodes connect back to. Not in TorchServe.",
            default="the address that the cluster knows it by, any port",
        ),
    )
    ray_tls: bool | None = field(
        default=None,
        metadata=key(
            flag,
            "Encrypt the connections of workers on Ray to this server, by the files that RAY_TLS_SERVER_CERT, RAY_TLS_SERVER_KEY"
            " and RAY_TLS_CA_CERT name on each machine. Not in TorchServe.",
            default="as RAY_USE_TLS says",
        ),
    )
    enable_model_api: bool = field(
        default=False, metadata=key(flag, "Let the management API register and unregister models.")
    )
