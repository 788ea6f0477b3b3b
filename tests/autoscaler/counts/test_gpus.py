"""Workers by how busy GPUs are."""

import pytest

from servescope.autoscaler.counts.gpus import Gpus


@pytest.mark.parametrize(
    ("shares", "there", "count"),
    [
        ((0.9,), 1, 2),
        ((0.75, 0.75), 2, 2),  # within the tolerance of 0.7
        ((1.0, 1.0), 2, 3),
        ((0.35, 0.35), 4, 2),
        ((0.0,), 3, 0),
    ],
)
def test_workers_follow_the_ratio_to_the_target(shares, there, count):
    """As the Kubernetes autoscaler does, and with its tolerance."""
    gpus = Gpus(60.0, 0.7, 0.1)
    for at in range(60):
        wanted = gpus.workers(float(at), shares, there)
    assert wanted == count
