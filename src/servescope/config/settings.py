"""The server's settings: `Settings`, one field a configuration key, with its default, its reader and its meaning.

Built by `load` from files, options and environment; read by every part of the server; printed by `reference`.
Names, defaults and meanings are TorchServe's (util/ConfigManager) but for the departures in docs/configuration.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from servescope.config import bounds
from servescope.config.address import MAX_PORT, Address
from servescope.config.collector_url import collector
from servescope.config.collectors import COLLECTORS, collectors
from servescope.config.keys import key
from servescope.config.load_list import LoadModel
from servescope.config.models_json import StartupModel, StartupModels
from servescope.config.parsers import (
    bucket_bounds,
    choice,
    flag,
    listener,
    metrics_mode,
    path,
    pattern,
    positive_number,
    url_patterns,
    whole,
    words,
)
from servescope.config.peers import peers

DEFAULT_ALLOWED_URLS: Final = r"file://.*|http(s)?://.*"
SEQUENCES: Final = "sequence batching"
LONGEST_WAIT_S: Final = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The configuration of one server. Sizes in bytes, timeouts in seconds, paths absolute.

    `metrics_buckets`: bounds by family name, in small letters, ascending, in the family's unit, not checked against the
    families that there are. Fields whose metadata has no `key` are not set by a key of that name, but by the
    environment or by loading.
    """

    inference_address: Address = field(
        default=Address("http", "127.0.0.1", 8080),
        metadata=key(listener(80, 443), "Where the inference API listens: http://, https:// or unix:/path."),
    )
    management_address: Address = field(
        default=Address("http", "127.0.0.1", 8081),
        metadata=key(listener(8081, 8444), "Where the management API listens."),
    )
    metrics_address: Address = field(
        default=Address("http", "127.0.0.1", 8082), metadata=key(listener(8082, 8445), "Where /metrics listens.")
    )
    private_key_file: Path | None = field(default=None, metadata=key(path, "PEM file of the TLS private key."))
    certificate_file: Path | None = field(default=None, metadata=key(path, "PEM file of the TLS certificate chain."))
    cors_allowed_origin: str | None = field(
        default=None, metadata=key(words, "Value of Access-Control-Allow-Origin; turns CORS on.", default="CORS off")
    )
    cors_allowed_methods: str | None = field(default=None, metadata=key(words, "Methods that CORS allows."))
    cors_allowed_headers: str | None = field(default=None, metadata=key(words, "Request headers that CORS allows."))
    client_header_timeout: int = field(
        default=60,
        metadata=key(
            whole(1, LONGEST_WAIT_S),
            "Seconds in which 1 KiB of a request's header must come, or its rest if that is less: from the connection's"
            " beginning, then from the header's first byte on. TLS is agreed on in as long. Not in TorchServe.",
        ),
    )
    client_body_timeout: int = field(
        default=120,
        metadata=key(
            whole(1, LONGEST_WAIT_S),
            "Seconds in which 1 KiB of a request's body must come, or its rest if that is less; and in which a client must"
            " take as much of an answer that waits for it. Not in TorchServe.",
        ),
    )
    max_request_size: int = field(
        default=6553500, metadata=key(whole(1, bounds.MAX_BODY), "Largest request body, in bytes.")
    )
    max_response_size: int = field(
        default=6553500,
        metadata=key(whole(1, bounds.MAX_BODY), "Most bytes in an answer's body, and in its headers together."),
    )

    model_store: Path | None = field(
        default=None,
        metadata=key(path, "Directory of the archives. Required to start, here or as --model-store.", default="none"),
    )
    workflow_store: Path | None = field(
        default=None, metadata=key(path, "Directory of workflow archives.", later="workflows", default="model_store")
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
            whole(0, bounds.MAX_WORKERS), "Workers a model; 0: one a GPU, or else one a CPU, at start, and none by API."
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
    enable_model_api: bool = field(
        default=False, metadata=key(flag, "Let the management API register and unregister models.")
    )

    metrics_mode: str = field(
        default="prometheus",
        metadata=key(metrics_mode, "prometheus, log, legacy, off, or prometheus,log. TorchServe's default is log."),
    )
    metrics_config: Path | None = field(
        default=None, metadata=key(path, "A metrics.yaml in place of the package's own.", default="the package's")
    )
    model_metrics_auto_detect: bool = field(
        default=True,
        metadata=key(flag, "Register metrics that no yaml declares; false drops them. TorchServe's default is false."),
    )
    enable_metrics_api: bool = field(default=True, metadata=key(flag, "Serve /metrics."))
    disable_system_metrics: bool = field(
        default=False,
        metadata=key(flag, "Do not measure the host, its GPUs and the cgroup; the server's processes still are."),
    )
    collectors: tuple[str, ...] = field(
        default=COLLECTORS,
        metadata=key(
            collectors,
            f"What is sampled: some of {', '.join(COLLECTORS)} between commas, or all but some: -gpu,-disk. Not in"
            " TorchServe.",
            default="all",
        ),
    )
    metric_time_interval: int = field(
        default=5,
        metadata=key(
            whole(1, bounds.MAX_INTERVAL_S), "Seconds between samples of the collectors. TorchServe's default is 60."
        ),
    )

    metrics_buckets: Mapping[str, tuple[float, ...]] = field(
        default_factory=dict,
        metadata=key(
            bucket_bounds,
            "Upper bounds of a histogram, ascending, between commas, without +Inf: instead of the family's own."
            " Not in TorchServe.",
            default="the family's own",
            each="family",
        ),
    )
    metrics_peers: tuple[Address, ...] = field(
        default=(),
        metadata=key(
            peers,
            "Other servers' metrics addresses between commas: GET /sd on the metrics port gives them and this server to"
            " Prometheus' http_sd. Not in TorchServe.",
            default="none",
        ),
    )
    metrics_series_budget: int = field(
        default=100,
        metadata=key(
            whole(1, bounds.MAX_SERIES),
            "Series that a model may have in one family with label values of its handler's or clients' choice."
            " Not in TorchServe.",
        ),
    )

    tracing_endpoint: str = field(
        default="",
        metadata=key(
            collector,
            "Collector that gets OpenTelemetry spans by OTLP over HTTP: http://host:4318/v1/traces. Needs"
            " OpenTelemetry (docs/tracing.md). Not in TorchServe.",
            default="no traces",
        ),
    )

    decode_input_request: bool = field(default=True, metadata=key(flag, "Decode JSON and text bodies for handlers."))
    limit_max_image_pixels: bool = field(default=True, metadata=key(flag, "Keep Pillow's limit on image sizes."))
    blacklist_env_vars: re.Pattern[str] | None = field(
        default=None,
        metadata=key(pattern, "Variables whose whole name matches are kept from workers.", default="none"),
    )
    initial_worker_port: int = field(
        default=9000, metadata=key(whole(0, MAX_PORT), "First number of the worker names (W-9000-…).")
    )
    debug: bool = field(default=False, metadata=key(flag, "One worker a model, no timeouts."))
    ts_header_key_sequence_id: str = field(
        default="ts_request_sequence_id", metadata=key(words, "Header of a sequence's id.", later=SEQUENCES)
    )
    ts_header_key_sequence_start: str = field(
        default="ts_request_sequence_start", metadata=key(words, "Header that starts a sequence.", later=SEQUENCES)
    )
    ts_header_key_sequence_end: str = field(
        default="ts_request_sequence_end", metadata=key(words, "Header that ends a sequence.", later=SEQUENCES)
    )
    disable_token_authorization: bool = field(default=False, metadata=key(flag, "Serve without tokens."))
    token_expiration_min: float = field(
        default=60.0,
        metadata=key(positive_number(bounds.MAX_TOKEN_MIN), "Minutes that an inference or management token lives."),
    )
    ts_open_inference_protocol: bool = field(default=False, metadata=key(flag, "Serve the Open Inference Protocol."))
    log_format: str = field(
        default="text", metadata=key(choice("text", "json"), "text (TorchServe's lines) or json. Not in TorchServe.")
    )
    enable_envvars_config: bool = field(default=False, metadata=key(flag, "Let TS_… variables override keys."))
    use_env_allowed_urls: bool = field(default=False, metadata=key(flag, "Let TS_ALLOWED_URLS override allowed_urls."))

    log_config: Path | None = None
    log_location: Path = Path("logs")
    metrics_location: Path = Path("logs")
    config_file: Path | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def startup_model(self, name: str, version: str) -> StartupModel | None:
        """What the `models` key says of this version, None if nothing."""
        return self.models.get(name, {}).get(version)
