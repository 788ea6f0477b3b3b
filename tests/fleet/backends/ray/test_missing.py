"""What an actor waits for is said in words that name the resource, and how much there is of it."""

from dataclasses import dataclass

import pytest

from servescope.fleet.backends.ray.messages import Needs
from servescope.fleet.backends.ray.missing import missing


@dataclass
class Node:
    resources: dict[str, float]


NODES = [Node({"CPU": 8.0, "GPU": 2.0, "memory": 4 * 2.0**30}), Node({"CPU": 8.0, "GPU": 2.0, "tpu": 1.0})]
FREE = {"CPU": 10.0, "memory": 2.0**30}


@pytest.mark.parametrize(
    ("needs", "text"),
    [
        (Needs(1, 1, {}, None, "pack", {}), "needs 1 GPU; the cluster has 0 free of 4"),
        (Needs(1, 3, {}, None, "pack", {}), "needs 3 GPU; no node of the cluster has more than 2"),
        (Needs(9, 0, {}, None, "pack", {}), "needs 9 CPU; no node of the cluster has more than 8"),
        (Needs(0.5, 0, {"tpu": 0.5}, None, "pack", {}), "needs 0.5 tpu; the cluster has 0 free of 1"),
        (Needs(0, 0, {"npu": 1}, None, "pack", {}), "needs 1 npu; no node of the cluster has more than 0"),
        (
            Needs(0, 0, {}, 2048, "pack", {}),
            "needs 2048 MiB of memory; the cluster has 1024 MiB free of 4096 MiB",
        ),
        (Needs(8, 0, {}, None, "spread", {}), "needs 8 CPU, on one node (spread); it is being placed, or prepared"),
        (Needs(0, 0, {}, None, "pack", {}), "needs nothing, on one node (pack); it is being placed, or prepared"),
    ],
)
def test_words(needs, text):
    """The scarcest of what it needs is said."""
    assert missing(needs, NODES, FREE) == text


def test_no_node():
    """Of a cluster that has none."""
    assert missing(Needs(1, 0, {}, None, "pack", {}), [], {}) == "needs 1 CPU; no node of the cluster has more than 0"
