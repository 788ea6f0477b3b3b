"""What an actor waits for: in, its needs, and the nodes that it may be placed on; out, words for whoever wants it to start, and
whether it is short of something. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from servescope.config.model.placement.ray import NODE
from servescope.fleet.backends.ray.messages import Needs

_BYTES = ("memory",)


class HasResources(Protocol):
    """A node, by ray's names of resources."""

    @property
    def resources(self) -> Mapping[str, float]:
        """What it has in all."""

    @property
    def free(self) -> Mapping[str, float]:
        """What nobody uses of that."""

    @property
    def title(self) -> str:
        """What people call it."""


def missing(needs: Needs, nodes: Sequence[HasResources]) -> tuple[str, bool]:
    """`needs 1 GPU; the cluster has 0 free of 4`, or that no node can ever do, or has enough free at once, and True; False: it only
    takes its time.
    """
    wanted = dict(_wanted(needs))
    what = ", ".join(_shown(name, amount) for name, amount in wanted.items()) or "nothing"
    cluster = f"the node {needs.placement.removeprefix(NODE)}" if needs.placement.startswith(NODE) else "the cluster"
    for name, amount in wanted.items():
        most = max((node.resources.get(name, 0.0) for node in nodes), default=0.0)
        if amount > most:
            who = f"no node of {cluster} has" if cluster == "the cluster" else f"{cluster} has no"
            return f"needs {_shown(name, amount)}; {who} more than {_amount(name, most)}", True
    if not any(_fits(wanted, node.resources) for node in nodes):
        return f"needs {what} on one node; no node of {cluster} has all of that", True
    for name, amount in wanted.items():
        there = sum(node.free.get(name, 0.0) for node in nodes)
        if amount > there:
            total = sum(node.resources.get(name, 0.0) for node in nodes)
            free_of = f"{_amount(name, there)} free of {_amount(name, total)}"
            return f"needs {_shown(name, amount)}; {cluster} has {free_of}", True
    if not any(_fits(wanted, node.free) for node in nodes):
        nearest = min(nodes, key=lambda node: _shortage(wanted, node.free))
        there_is = ", ".join(_shown(name, nearest.free.get(name, 0.0)) for name in wanted)
        return f"needs {what} on one node; the one with most of that free, {nearest.title}, has {there_is}", True
    return f"needs {what}, on one node ({needs.placement}); it is being placed, or prepared", False


def _fits(wanted: Mapping[str, float], there: Mapping[str, float]) -> bool:
    return all(amount <= there.get(name, 0.0) for name, amount in wanted.items())


def _shortage(wanted: Mapping[str, float], there: Mapping[str, float]) -> float:
    """0 where nothing is lacking, else the sum of what is, as shares of what is wanted."""
    return sum(max(0.0, 1 - there.get(name, 0.0) / amount) for name, amount in wanted.items())


def _wanted(needs: Needs) -> Iterator[tuple[str, float]]:
    if needs.num_gpus:
        yield "GPU", needs.num_gpus
    if needs.num_cpus:
        yield "CPU", needs.num_cpus
    if needs.memory_mb:
        yield "memory", float(needs.memory_mb << 20)
    yield from ((name, amount) for name, amount in needs.resources.items() if amount)


def _shown(name: str, amount: float) -> str:
    return f"{_amount(name, amount)} of memory" if name in _BYTES else f"{amount:g} {name}"


def _amount(name: str, amount: float) -> str:
    return f"{amount / 2**20:.0f} MiB" if name in _BYTES else f"{amount:g}"
