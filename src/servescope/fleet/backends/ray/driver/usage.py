"""What nobody uses of a cluster's nodes: of each, by resource, and of a resource that comes in chips, of each of those.

In: a driver's connection, or a task's; out, amounts by ray's names. Called by `cluster`, on a node of the cluster. Ray's public
interface has only the sum over all nodes, so this is its private one.
"""

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from msgspec import Struct

# Of these Ray gives out whole ones, or a part of one.
CHIPS: Final = frozenset(("GPU", "TPU", "NPU", "HPU", "RBLN", "FURIOSA", "TTNPU", "MBLT", "neuron_cores"))
# How long a raylet may take to tell of its workers, seconds.
_PATIENCE_S = 5.0
_AT_ONCE = 16
# How much less than what is said to be free may be found, as Ray counts by ten-thousandths.
_EXACT = 0.00005


class Asked(Struct, frozen=True):
    """A node, how its raylet is reached, and how many chips of each resource it has, and how much of them is free."""

    id: str
    address: str
    chips: Mapping[str, float]
    free: Mapping[str, float]


def free_on_each() -> dict[str, dict[str, float]]:
    """By node's id."""
    from ray._private.state import available_resources_per_node

    found: dict[str, dict[str, float]] = available_resources_per_node()
    return found


def free_on_chips(asked: Sequence[Asked]) -> dict[str, dict[str, list[float]]]:
    """By node's id and resource: what is free of each chip. Left out where it cannot be known, or is just changing. Blocks."""
    with ThreadPoolExecutor(min(_AT_ONCE, len(asked) or 1)) as threads:
        return {node.id: found for node, found in zip(asked, threads.map(_free_of, asked), strict=True)}


def _free_of(node: Asked) -> dict[str, list[float]]:
    try:
        used = _used(node.address)
    except Exception:  # a raylet that has gone, or hangs; grpc's errors are of many kinds
        return {}
    found = {
        name: [1.0 - used.get((name, chip), 0.0) for chip in range(math.ceil(count))]
        for name, count in node.chips.items()
    }
    # What a placement group has reserved is nobody's yet, and on which chips it is not told.
    return {
        name: chips for name, chips in found.items() if abs(sum(chips) - node.free.get(name, 0.0)) < _EXACT * len(chips)
    }


def _used(address: str) -> dict[tuple[str, int], float]:
    """What the workers of a node have, by resource and chip."""
    from ray._private.grpc_utils import init_grpc_channel
    from ray.core.generated import node_manager_pb2, node_manager_pb2_grpc

    used: dict[tuple[str, int], float] = {}
    channel: Any = init_grpc_channel(address)
    with channel:
        stub = node_manager_pb2_grpc.NodeManagerServiceStub(channel)
        request = node_manager_pb2.GetNodeStatsRequest(include_memory_info=False)
        for worker in stub.GetNodeStats(request, timeout=_PATIENCE_S).core_workers_stats:
            for name, allocated in worker.used_resources.items():
                for slot in allocated.resource_slots:
                    used[name, slot.slot] = used.get((name, slot.slot), 0.0) + slot.allocation
    return used
