"""What an actor waits for is said in words that name the resource, and how much there is of it."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.fleet.backends.ray.driver.missing import missing
from servescope.fleet.backends.ray.messages import Needs


@dataclass
class Node:
    title: str
    resources: dict[str, float]
    free: dict[str, float]
    chips: dict[str, list[float]] = field(default_factory=dict)


NODES = [
    Node("a (10.0.0.1)", {"CPU": 8.0, "GPU": 2.0, "memory": 4 * 2.0**30}, {"CPU": 7.0, "memory": 2.0**30}),
    Node("b (10.0.0.2)", {"CPU": 8.0, "GPU": 2.0, "tpu": 1.0}, {"CPU": 3.0}),
    Node("c (10.0.0.3)", {"CPU": 2.0, "npu": 1.0}, {"CPU": 2.0, "npu": 1.0}),
]


@pytest.mark.parametrize(
    ("needs", "text"),
    [
        (Needs(1, 1, {}, None, "pack", {}), "needs 1 GPU; the cluster has 0 free of 4"),
        (Needs(1, 3, {}, None, "pack", {}), "needs 3 GPU; no node of the cluster has more than 2"),
        (Needs(9, 0, {}, None, "pack", {}), "needs 9 CPU; no node of the cluster has more than 8"),
        (Needs(0.5, 0, {"tpu": 0.5}, None, "pack", {}), "needs 0.5 tpu; the cluster has 0 free of 1"),
        (Needs(0, 0, {"xpu": 1}, None, "pack", {}), "needs 1 xpu; no node of the cluster has more than 0"),
        (
            Needs(0, 0, {}, 2048, "pack", {}),
            "needs 2048 MiB of memory; the cluster has 1024 MiB free of 4096 MiB",
        ),
        (
            Needs(3, 0, {"npu": 1}, None, "pack", {}),
            "needs 3 CPU, 1 npu on one node; no node of the cluster has all of that",
        ),
        (
            Needs(8, 0, {}, None, "spread", {}),
            "needs 8 CPU on one node; the one with most of that free, a (10.0.0.1), has 7 CPU",
        ),
        (
            Needs(8, 0, {}, 512, "pack", {}),
            "needs 8 CPU, 512 MiB of memory on one node; the one with most of that free, a (10.0.0.1), has 7 CPU,"
            " 1024 MiB of memory",
        ),
        (Needs(7, 0, {}, None, "spread", {}), "needs 7 CPU, on one node (spread); it is being placed, or prepared"),
        (Needs(0, 0, {}, None, "pack", {}), "needs nothing, on one node (pack); it is being placed, or prepared"),
    ],
)
def test_words(needs, text):
    """The scarcest of what it needs is said, and whether it is short of that."""
    assert missing(needs, NODES) == (text, "being placed" not in text)


@pytest.mark.parametrize(
    ("needs", "text"),
    [
        (Needs(3, 0, {}, None, "node:c", {}), "needs 3 CPU; the node c has no more than 2"),
        (Needs(1, 1, {}, None, "node:c", {}), "needs 1 GPU; the node c has no more than 0"),
    ],
)
def test_one_node(needs, text):
    """Where it has to be there, it is that node which is told of."""
    assert missing(needs, NODES[2:]) == (text, True)


def on(*frees, chips=None, of=4.0):
    """Nodes with this much free of four GPUs each, or on each chip."""
    nodes = [Node(str(number), {"GPU": of, "CPU": 8.0}, {"GPU": free, "CPU": 8.0}) for number, free in enumerate(frees)]
    for node, free in zip(nodes, chips or (), strict=False):
        node.chips["GPU"] = list(free)
    return nodes


@pytest.mark.parametrize(
    ("gpus", "nodes", "text"),
    [
        (0.5, on(0.3), "needs 0.5 GPU; the cluster has 0.3 free of 4"),
        (0.5, on(0.0), "needs 0.5 GPU; the cluster has 0 free of 4"),
        (0.8, on(0.7, 0.1, of=1.0), "needs 0.8 GPU on one node; the one with most of that free, 0, has 0.7 GPU"),
        (0.5, on(0.8, chips=[(0.4, 0.4, 0, 0)]), "needs 0.5 GPU; the cluster has 0.8 free of 4, 0.4 of one at most"),
        (
            1.0,
            on(1.0, chips=[(0.5, 0.5, 0, 0)]),
            "needs 1 GPU; the cluster has 1 free of 4, 0 whole on one node at most",
        ),
        (
            2.0,
            on(2.5, 2, chips=[(1, 0.5, 0.5, 0.5), (1, 0.9, 0.1, 0)]),
            "needs 2 GPU; the cluster has 4.5 free of 8, 1 whole on one node at most",
        ),
        (
            0.5,
            on(0.8, 0.0, chips=[(0.4, 0.4, 0, 0)]),
            "needs 0.5 GPU; the cluster has 0.8 free of 8, 0.4 of one at most",
        ),
        (0.25, on(1.5, chips=[(0.1 + 0.2, 0.7, 0.1, 0.4)]), None),
        (0.3, on(0.6, chips=[(1 - 0.7, 0.3, 0, 0)]), None),
        (0.8, on(1 - 0.2), None),
        (0.5, on(0.8, 0.8, chips=[(0.4, 0.4, 0, 0)]), None),  # the other's are not known
    ],
)
def test_fractions(gpus, nodes, text):
    """Of one chip each, in Ray's arithmetic, whatever floating point makes of sums; halves of two are no whole one."""
    needs = Needs(0, gpus, {}, None, "pack", {})
    placed = f"needs {gpus:g} GPU, on one node (pack); it is being placed, or prepared"
    assert missing(needs, nodes) == ((text, True) if text else (placed, False))


def test_chips_and_other_resources():
    """A node whose chips would do has no processors, and the one that has them has halves: neither does."""
    nodes = on(1.0, 1.0, chips=[(1, 0, 0, 0), (0.5, 0.5, 0, 0)])
    nodes[0].free["CPU"] = 0.0
    text = "needs 1 GPU, 1 CPU on one node; the one with most of that free, 1, has 1 GPU in parts, 8 CPU"
    assert missing(Needs(1, 1, {}, None, "pack", {}), nodes) == (text, True)


def test_a_node_that_is_full():
    """It is said of it alone."""
    assert missing(Needs(4, 0, {}, None, "node:b", {}), NODES[1:2]) == ("needs 4 CPU; the node b has 3 free of 8", True)


def test_no_node():
    """Of a cluster that has none."""
    text = "needs 1 CPU; no node of the cluster has more than 0"
    assert missing(Needs(1, 0, {}, None, "pack", {}), []) == (text, True)


amounts = st.dictionaries(st.sampled_from(["CPU", "GPU", "npu"]), st.integers(0, 4).map(float))


@given(amounts, st.lists(amounts, max_size=4))
def test_it_is_short_where_no_node_has_room(wanted, frees):
    """And only there."""
    nodes = [Node(str(number), {"CPU": 4.0, "GPU": 4.0, "npu": 4.0}, free) for number, free in enumerate(frees)]
    own = {name: amount for name, amount in wanted.items() if name == "npu"}
    needs = Needs(wanted.get("CPU", 0), wanted.get("GPU", 0), own, None, "pack", {})
    room = any(all(amount <= free.get(name, 0) for name, amount in wanted.items()) for free in frees)
    assert missing(needs, nodes)[1] is not room
