"""The Ray cluster, as far as `driver` and `actors` need it: connected to, asked for its nodes, asked for actors.

It, `usage` and `actor` know ray's interface, and nobody else. Whatever ray raises becomes `Unusable`, in words that name thing and
value.
"""

import asyncio
import importlib.util
import os
import random
import socket
from collections.abc import Awaitable, Callable, Set
from dataclasses import dataclass, field, replace
from typing import Any

from servescope.config.model.placement.ray import NODE, SPREAD
from servescope.fleet.backends.ray.driver.missing import wanted
from servescope.fleet.backends.ray.driver.usage import CHIPS, Asked, free_on_chips, free_on_each
from servescope.fleet.backends.ray.driver.words import first_line, why_not_connected
from servescope.fleet.backends.ray.messages import Needs
from servescope.fleet.backends.ray.node.actor import WorkerActor

CLIENT = "ray://"
_KNOCK_S = 10.0


class Unusable(Exception):
    """The cluster, or what is wanted of it, cannot be used."""


@dataclass(frozen=True)
class Node:
    """A live node. `raylet`: where that is asked. `resources`: in all, by ray's names; `free`: what nobody uses of them, and
    `chips`: of each chip of theirs, where that was asked for.
    """

    id: str
    name: str
    address: str
    host: str
    raylet: str
    resources: dict[str, float]
    free: dict[str, float] = field(default_factory=dict)
    chips: dict[str, list[float]] = field(default_factory=dict)

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
                f"{found['NodeManagerAddress']}:{found['NodeManagerPort']}",
                dict(found["Resources"]),
            )
            for found in self._ray.nodes()
            if found["Alive"]
        ]

    def rooms(self, needs: Needs) -> list[Node]:
        """The live nodes that this placement allows, with what is free on each. Blocks."""
        free = self._there(free_on_each)
        placement = needs.placement
        name = placement.removeprefix(NODE) if placement.startswith(NODE) else ""
        nodes = [replace(node, free=free.get(node.id, {})) for node in self.nodes() if not name or node.is_called(name)]
        asked = [one for node in nodes if (one := _asked(needs, node)) is not None]
        chips = self._there(free_on_chips, asked) if asked else {}
        return [replace(node, chips=chips.get(node.id, {})) for node in nodes]

    def _there(self, ask: Callable[..., Any], *arguments: Any) -> Any:
        """What a function comes to on a node of the cluster, as a client of it is none."""
        if not self._address.startswith(CLIENT):
            return ask(*arguments)
        return self._ray.get(self._ray.remote(ask).options(num_cpus=0).remote(*arguments))

    def require_room(self, size: int) -> None:
        """Whether every node's object store could hold a model of so many bytes. Blocks.

        Raises:
            Unusable: it could not.
        """
        rooms = [room for node in self.nodes() if (room := node.resources.get("object_store_memory"))]
        if rooms and size > min(rooms):
            raise Unusable(f"the model's files have {size} bytes; the object store of a node {int(min(rooms))}")

    def put(self, data: bytes) -> Any:
        """Bytes in the object store, as long as the reference lives. Blocks.

        Raises:
            Unusable: they do not fit.
        """
        try:
            return self._ray.put(data)
        except Exception as error:
            raise Unusable(
                f"{len(data)} bytes of the model's files cannot be put into the object store: {first_line(error)}"
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


def _asked(needs: Needs, node: Node) -> Asked | None:
    """What to ask of chips that are wanted of it and partly taken: where all of one are free, or too little, nothing."""
    chips = {
        name: node.resources[name]
        for name, amount in wanted(needs).items()
        if name in CHIPS and amount <= node.free.get(name, 0.0) < node.resources.get(name, 0.0)
    }
    return Asked(node.id, node.raylet, chips, node.free) if chips else None
