"""What is measured and shown, and where traces go. A part of `settings.Settings`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from servescope.config import bounds
from servescope.config.address import Address
from servescope.config.keys import key
from servescope.config.values.collector_url import collector
from servescope.config.values.collectors import COLLECTORS, collectors
from servescope.config.values.hosts import hosts
from servescope.config.values.parsers import (
    bucket_bounds,
    flag,
    metrics_mode,
    path,
    whole,
)
from servescope.config.values.peers import peers


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)  # `Settings` has them for all
class MetricsSettings:
    """`metrics_buckets`: bounds by family name, in small letters, ascending, in the family's unit, not checked against the families
    that there are.
    """

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

    enable_console: bool = field(
        default=True,
        metadata=key(flag, "Serve the console under /console on the metrics port. Not in TorchServe."),
    )
    console_hosts: tuple[str, ...] = field(
        default=(),
        metadata=key(
            hosts,
            "Names between commas under which the console may be asked for and changed from, besides its own address: those of a"
            " reverse proxy in front of it. Not in TorchServe.",
            default="localhost and the port's own address",
        ),
    )
    console_history_file: Path | None = field(
        default=None,
        metadata=key(
            path,
            "Where what the console remembers is kept across a restart, every five minutes and at the end. Not in TorchServe.",
            default="kept in memory alone",
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
