"""How many processes a worker is, and what torchrun is told."""

import pytest

from config.model.test_options import resolve
from servescope.config.model.config import ModelConfig, parse_model_config
from servescope.config.model.placement.ranks import ranks_of


def ranks(text):
    config, warnings = parse_model_config(text, "m.yaml")
    assert warnings == []
    return ranks_of(config)


@pytest.mark.parametrize("text", ["", "parallelLevel: 2", "parallelType: custom\nparallelLevel: 2"])
def test_a_worker_is_one_process(text):
    """Without a parallelType, and with custom, where the handler starts what it needs."""
    assert ranks(text) is None


@pytest.mark.parametrize(("kind", "spread"), [("pp", False), ("tp", True), ("PPTP", True)])
def test_who_gets_requests(kind, spread):
    """All ranks, or of a pipeline the first; as many as parallelLevel says."""
    made = ranks(f"parallelType: {kind}\nparallelLevel: 3")
    assert (made.count, made.spread, made.threads) == (3, spread, 1)
    assert " ".join(made.arguments) == (
        "--nnodes 1 --nproc-per-node 3 --max-restarts 0 --rdzv-backend c10d --rdzv-endpoint 127.0.0.1:0 --local-addr 127.0.0.1"
    )


def test_the_section_torchrun():
    """Its keys are torchrun's options, and nproc-per-node says how many."""
    made = ranks(
        "parallelType: tp\ntorchrun: {nproc-per-node: 4, nnodes: 2, rdzv-backend: etcd, rdzv-endpoint: 'h:1',"
        " rdzv-conf: 'timeout=9', monitor-interval: 3, node-rank: 1, OMP_NUMBER_THREADS: 5}"
    )
    assert (made.count, made.threads) == (4, 5)
    assert " ".join(made.arguments) == (
        "--nnodes 2 --nproc-per-node 4 --max-restarts 0 --rdzv-backend etcd --rdzv-endpoint h:1"
        " --rdzv-conf timeout=9 --monitor-interval 3 --node-rank 1"
    )


def test_on_ray_a_worker_is_one_process():
    """With a warning; Ray deals the GPUs out."""
    options = resolve(yaml=ModelConfig(backend="ray", parallel_type="tp", parallel_level=2))
    assert options.ranks is None
    assert "parallelType tp has no effect on Ray: a worker is one process there" in options.warnings
