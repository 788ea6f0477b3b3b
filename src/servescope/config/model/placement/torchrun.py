"""The `torchrun` section of model-config.yaml: its keys. Read by `config`, shown by `reference`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from servescope.config.bounds import MAX_GPUS, MAX_PROCESSES, MAX_TIMEOUT_S
from servescope.config.model.yaml_key import yaml_key
from servescope.config.model.yaml_values import text, whole


@dataclass(frozen=True, kw_only=True)
class TorchRun:
    """The `torchrun` section, None where it says nothing. `monitor_interval` in seconds."""

    nnodes: int | None = field(default=None, metadata=yaml_key("nnodes", whole(1, MAX_PROCESSES), "Nodes."))
    nproc_per_node: int | None = field(
        default=None,
        metadata=yaml_key("nproc-per-node", whole(1, MAX_GPUS), "Processes a node; sets parallelLevel."),
    )
    rdzv_backend: str | None = field(
        default=None, metadata=yaml_key("rdzv-backend", text, "Rendezvous backend (c10d).")
    )
    rdzv_endpoint: str | None = field(default=None, metadata=yaml_key("rdzv-endpoint", text, "Rendezvous address."))
    rdzv_conf: str | None = field(default=None, metadata=yaml_key("rdzv-conf", text, "Rendezvous options."))
    monitor_interval: int | None = field(
        default=None,
        metadata=yaml_key("monitor-interval", whole(1, MAX_TIMEOUT_S), "Seconds between looks at the processes."),
    )
    node_rank: int | None = field(
        default=None, metadata=yaml_key("node-rank", whole(0, MAX_PROCESSES), "This node's number.")
    )
    omp_number_threads: int | None = field(
        default=None, metadata=yaml_key("OMP_NUMBER_THREADS", whole(1, MAX_PROCESSES), "OpenMP threads a process.")
    )


def read_torchrun(value: Any) -> Mapping[Any, Any]:
    """The section as YAML made it; `parse_model_config` reads what is in it."""
    if not isinstance(value, dict):
        raise ValueError("should be a mapping")
    return value
