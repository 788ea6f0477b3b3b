"""What an actor waits for: in, its needs, the nodes, what is free; out, words for whoever wants it to start. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from servescope.fleet.backends.ray.messages import Needs

_BYTES = ("memory",)


class HasResources(Protocol):
    """A node."""

    @property
    def resources(self) -> Mapping[str, float]:
        """What it has in all."""


def missing(needs: Needs, nodes: Sequence[HasResources], free: Mapping[str, float]) -> str:
    """`needs 1 GPU; the cluster has 0 free of 4`, or that no node can ever do."""
    wanted = dict(_wanted(needs))
    for name, amount in wanted.items():
        most = max((node.resources.get(name, 0.0) for node in nodes), default=0.0)
        if amount > most:
            return f"needs {_shown(name, amount)}; no node of the cluster has more than {_amount(name, most)}"
    for name, amount in wanted.items():
        total = sum(node.resources.get(name, 0.0) for node in nodes)
        there = free.get(name, 0.0)
        if amount > there:
            return (
                f"needs {_shown(name, amount)}; the cluster has {_amount(name, there)} free of {_amount(name, total)}"
            )
    what = ", ".join(_shown(name, amount) for name, amount in wanted.items()) or "nothing"
    return f"needs {what}, on one node ({needs.placement}); it is being placed, or prepared"


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
