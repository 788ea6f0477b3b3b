"""The Ray cluster, as far as `driver` and `actors` need it: connected to, asked for its nodes, asked for actors.

The one file, besides `actor`, that knows ray's interface. Whatever ray raises becomes `Unusable`, in words that name thing and
value.
"""

import asyncio
import importlib.util
import os
import random
import socket
from collections.abc import Awaitable, Set
from dataclasses import dataclass, replace
from typing import Any

from servescope.config.model.placement.ray import NODE, SPREAD
from servescope.fleet.backends.ray.driver.words import first_line, why_not_connected
from servescope.fleet.backends.ray.messages import Needs
from servescope.fleet.backends.ray.node.actor import WorkerActor

CLIENT = "ray://"
_KNOCK_S = 10.0


class Unusable(Exception):
    """The cluster, or what is wanted of it, cannot be used."""


@dataclass(frozen=True)
class Node:
    """A live node. `resources`: in all, by ray's names; `free`: what nobody uses of them, where that was asked for."""

    id: str
    name: str
    address: str
    host: str
    resources: dict[str, float]
    free: dict[str, float]

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.id[:12]} ({self.address})"

    def is_called(self, name: str) -> bool:
        """Whether it is meant: by its id or the beginning of it, its name, its address or its machine's name."""
        return name in (self.name, self.address, self.host) or (len(name) >= 8 and self.id.startswith(name))


class Cluster:
    """The one at `address`. All methods but those that block are for the loop's thread."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._ray: Any = None

    def connect(self) -> str:
        """Become a driver of it; the address that its nodes know this machine by. Blocks.

        Raises:
            Unusable: there is no ray here, no cluster there, or the two do not go together.
        """
        if importlib.util.find_spec("ray") is None:
            raise Unusable("ray is not installed: install Servescope with its extra, '.[ray]'")
        self._knock()
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        import ray

        self._ray = ray
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": "warning", "namespace": "servescope"}
        if self._address == "local":
            options["include_dashboard"] = False
        try:
            ray.init(address=self._address, **options)
        except Exception as error:  # RuntimeError for versions, ConnectionError, ValueError, and ray's own
            raise Unusable(f"ray_address={self._address}: {why_not_connected(error, os.environ)}") from error
        return self._own_address()

    def _knock(self) -> None:
        """Ray itself would try for minutes, and then end the process."""
        if self._address in ("auto", "local"):
            return
        host, _, port = self._address.removeprefix(CLIENT).rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), _KNOCK_S).close()
        except OSError as error:
            raise Unusable(f"ray_address={self._address}: there is no cluster: {error}") from error

    def _own_address(self) -> str:
        if self._address == "local":
            return "127.0.0.1"
        if not self._address.startswith(CLIENT):
            found: str = self._ray.util.get_node_ip_address()
            return found
        # A client is no node: what counts is the address by which it reaches the head.
        host, _, port = self._address.removeprefix(CLIENT).rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), 10) as connection:
            name: str = connection.getsockname()[0]
            return name

    def disconnect(self) -> None:
        """Be its driver no longer. Blocks."""
        self._ray.shutdown()

    def nodes(self) -> list[Node]:
        """Those that are alive."""
        return [
            Node(
                found["NodeID"],
                found.get("NodeName", ""),
                found["NodeManagerAddress"],
                found["NodeManagerHostname"],
                dict(found["Resources"]),
                {},
            )
            for found in self._ray.nodes()
            if found["Alive"]
        ]

    def rooms(self, placement: str) -> list[Node]:
        """The live nodes that this placement allows, with what is free on each. Blocks."""
        free = self._free()
        name = placement.removeprefix(NODE) if placement.startswith(NODE) else ""
        return [replace(node, free=free.get(node.id, {})) for node in self.nodes() if not name or node.is_called(name)]

    def _free(self) -> dict[str, dict[str, float]]:
        """By node. A client of the cluster has it asked for there."""
        if not self._address.startswith(CLIENT):
            return _free_on_each()
        asked: dict[str, dict[str, float]] = self._ray.get(self._ray.remote(_free_on_each).options(num_cpus=0).remote())
        return asked

    def put(self, data: bytes) -> Any:
        """Bytes in the object store, as long as the reference lives. Blocks.

        Raises:
            Unusable: they do not fit.
        """
        rooms = [room for node in self.nodes() if (room := node.resources.get("object_store_memory"))]
        if rooms and len(data) > min(rooms):
            raise Unusable(f"the model's archive has {len(data)} bytes; the object store of a node {int(min(rooms))}")
        try:
            return self._ray.put(data)
        except Exception as error:
            raise Unusable(
                f"the model's archive of {len(data)} bytes cannot be put into the object store: {error}"
            ) from error

    def actor(self, needs: Needs, name: str, avoided: Set[str]) -> Any:
        """A new actor, which waits for its place: elsewhere than on the nodes with these ids, as long as there is room elsewhere.

        Raises:
            Unusable: the placement names no node, or ray takes none of it.
        """
        options: dict[str, Any] = {
            "num_cpus": needs.num_cpus,
            "num_gpus": needs.num_gpus,
            "resources": dict(needs.resources),
            "max_restarts": 0,
            "scheduling_strategy": self._strategy(needs.placement, avoided),
        }
        if needs.memory_mb is not None:
            options["memory"] = needs.memory_mb << 20
        if needs.runtime_env:
            options["runtime_env"] = dict(needs.runtime_env)
        try:
            return self._ray.remote(WorkerActor).options(**options).remote()
        except Exception as error:
            raise Unusable(f"Ray takes no actor for {name}: {first_line(error)}") from error

    def _strategy(self, placement: str, avoided: Set[str]) -> Any:
        if not placement.startswith(NODE):
            others = [node for node in self.nodes() if node.id not in avoided] if avoided else []
            if others:
                return self._affinity(random.choice(others), soft=True)
            return "SPREAD" if placement == SPREAD else "DEFAULT"
        name = placement.removeprefix(NODE)
        nodes = self.nodes()
        for node in nodes:
            if node.is_called(name):
                return self._affinity(node, soft=False)
        there = ", ".join(node.title for node in nodes)
        raise Unusable(f"placement={placement}: the cluster has no such node; it has {there}")

    def blames_node(self, error: BaseException) -> bool:
        """Whether an actor's call failed, says Ray, as its node has died. Only the text tells."""
        return isinstance(error, self._ray.exceptions.ActorDiedError) and "its node has died" in str(error)

    def _affinity(self, node: Node, *, soft: bool) -> Any:
        """`soft`: where it is full, or cannot do, another will."""
        kind = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        return kind(node_id=node.id, soft=soft, _spill_on_unavailable=soft)

    def is_unsure(self, error: BaseException) -> bool:
        """Whether an actor's call failed for something that Ray may yet know more of: it may be the node that is dead."""
        return isinstance(error, self._ray.exceptions.ActorUnavailableError)

    def answer(self, reference: Any) -> Awaitable[Any]:
        """What a call of an actor comes to. Raises what ray raises."""
        return asyncio.wrap_future(reference.future())

    def kill(self, actor: Any) -> None:
        """End an actor, wherever it is."""
        self._ray.kill(actor)


def _free_on_each() -> dict[str, dict[str, float]]:
    """What nobody uses of each node's resources. Ray's public interface has only the sum over all nodes."""
    from ray._private.state import available_resources_per_node

    found: dict[str, dict[str, float]] = available_resources_per_node()
    return found
