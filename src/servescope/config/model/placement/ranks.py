"""How many processes a worker is: in, parallelType, parallelLevel and the section torchrun of model-config.yaml; out, `Ranks`.

Called by `devices`; read by `fleet.launch`. What torchrun is told is TorchServe's (wlm/WorkerLifeCycle.attachRunner), but that it
restarts nothing: the server does, and loads the model again.
"""

from typing import Final

from msgspec import Struct

from servescope.config.model.config import ModelConfig
from servescope.config.model.placement.torchrun import TorchRun

PIPELINE: Final = "pp"
CUSTOM: Final = "custom"
_OPTIONS: Final = (
    ("--rdzv-conf", "rdzv_conf"), ("--monitor-interval", "monitor_interval"), ("--node-rank", "node_rank"),
)  # fmt: skip


class Ranks(Struct, frozen=True):
    """`count`: processes of a worker. `spread`: all get all requests, else the first alone. `arguments`: torchrun's. `threads`: of
    OpenMP in each.
    """

    count: int
    spread: bool
    arguments: tuple[str, ...]
    threads: int


def ranks_of(config: ModelConfig) -> Ranks | None:
    """None: a worker is one process, as it is without parallelType, and with custom, where the handler starts what it needs."""
    if config.parallel_type in (None, CUSTOM):
        return None
    run, count = config.torchrun or TorchRun(), config.parallel_level or 1
    arguments = ["--nnodes", str(run.nnodes or 1), "--nproc-per-node", str(count), "--max-restarts", "0"]
    arguments += ["--rdzv-backend", run.rdzv_backend or "c10d"]
    if run.rdzv_endpoint:
        arguments += ["--rdzv-endpoint", run.rdzv_endpoint]
    else:  # a port that is free, of this machine alone
        arguments += ["--rdzv-endpoint", "127.0.0.1:0", "--local-addr", "127.0.0.1"]
    for option, name in _OPTIONS:
        if (value := getattr(run, name)) is not None:
            arguments += [option, str(value)]
    return Ranks(count, config.parallel_type != PIPELINE, tuple(arguments), run.omp_number_threads or 1)
