"""What an actor waits for: in, its needs, and the nodes that it may be placed on; out, words for whoever wants it to start, and
whether it is short of something. Pure.

Amounts are compared as Ray does, in ten-thousandths: sums of fractions would be off by a hair.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from servescope.config.model.placement.ray import NODE
from servescope.fleet.backends.ray.messages import Needs

_BYTES = ("memory",)
_UNITS = 10_000


class HasResources(Protocol):
    """A node, by ray's names of resources."""

    @property
    def resources(self) -> Mapping[str, float]:
        """What it has in all."""

    @property
    def free(self) -> Mapping[str, float]:
        """What nobody uses of that."""

    @property
    def chips(self) -> Mapping[str, Sequence[float]]:
        """What is free of each chip, of those resources of which that is known."""

    @property
    def title(self) -> str:
        """What people call it."""


def missing(needs: Needs, nodes: Sequence[HasResources]) -> tuple[str, bool]:
    """`needs 1 GPU; the cluster has 0 free of 4`, or that no node can ever do, or has enough free at once, and True; False: it only
    takes its time.
    """
    amounts = wanted(needs)
    what = ", ".join(_shown(name, amount) for name, amount in amounts.items()) or "nothing"
    cluster = f"the node {needs.placement.removeprefix(NODE)}" if needs.placement.startswith(NODE) else "the cluster"
    why = _never(amounts, what, cluster, nodes) or _not_now(amounts, what, cluster, nodes)
    if why is not None:
        return why, True
    return f"needs {what}, on one node ({needs.placement}); it is being placed, or prepared", False


def wanted(needs: Needs) -> dict[str, float]:
    """By ray's names of resources, without those that it wants nothing of."""
    known = {"GPU": needs.num_gpus, "CPU": needs.num_cpus, "memory": float((needs.memory_mb or 0) << 20)}
    return {name: amount for name, amount in (known | needs.resources).items() if amount}


def _never(amounts: Mapping[str, float], what: str, cluster: str, nodes: Sequence[HasResources]) -> str | None:
    for name, amount in amounts.items():
        most = max((node.resources.get(name, 0.0) for node in nodes), default=0.0)
        if _units(amount) > _units(most):
            who = f"no node of {cluster} has" if cluster == "the cluster" else f"{cluster} has no"
            return f"needs {_shown(name, amount)}; {who} more than {_amount(name, most)}"
    if not any(_fits(amounts, node.resources) for node in nodes):
        return f"needs {what} on one node; no node of {cluster} has all of that"
    return None


def _not_now(amounts: Mapping[str, float], what: str, cluster: str, nodes: Sequence[HasResources]) -> str | None:
    for name, amount in amounts.items():
        there = sum(_units(node.free.get(name, 0.0)) for node in nodes)
        total = sum(_units(node.resources.get(name, 0.0)) for node in nodes)
        free_of = f"{_amount(name, there / _UNITS)} free of {_amount(name, total / _UNITS)}"
        if _units(amount) > there:
            return f"needs {_shown(name, amount)}; {cluster} has {free_of}"
        enough = [node for node in nodes if _fits({name: amount}, node.free)]
        if enough and not any(_on_chips(name, amount, node) for node in enough):
            return f"needs {_shown(name, amount)}; {cluster} has {free_of}, {_in_parts(name, amount, enough)}"
    if not any(_fits(amounts, node.free) and _all_on_chips(amounts, node) for node in nodes):
        nearest = min(nodes, key=lambda node: _shortage(amounts, node.free))
        there_is = ", ".join(_shown_free(name, amount, nearest) for name, amount in amounts.items())
        return f"needs {what} on one node; the one with most of that free, {nearest.title}, has {there_is}"
    return None


def _fits(amounts: Mapping[str, float], there: Mapping[str, float]) -> bool:
    return all(_units(amount) <= _units(there.get(name, 0.0)) for name, amount in amounts.items())


def _all_on_chips(amounts: Mapping[str, float], node: HasResources) -> bool:
    return all(_on_chips(name, amount, node) for name, amount in amounts.items())


def _on_chips(name: str, amount: float, node: HasResources) -> bool:
    """Whether that much is free of one chip, or so many are free as a whole; where chips are not known, they are not in the way."""
    chips = node.chips.get(name)
    if chips is None:
        return True
    return _largest(chips) >= _units(amount) if amount < 1 else _whole(chips) >= amount


def _in_parts(name: str, amount: float, nodes: Sequence[HasResources]) -> str:
    """How much of that is together."""
    known = [node.chips[name] for node in nodes]
    if amount < 1:
        return f"{_amount(name, max(map(_largest, known)) / _UNITS)} of one at most"
    return f"{max(map(_whole, known))} whole on one node at most"


def _largest(chips: Sequence[float]) -> int:
    return max(map(_units, chips), default=0)


def _whole(chips: Sequence[float]) -> int:
    return sum(_units(chip) >= _UNITS for chip in chips)


def _shortage(amounts: Mapping[str, float], there: Mapping[str, float]) -> float:
    """0 where nothing is lacking, else the sum of what is, as shares of what is wanted."""
    return sum(max(0.0, 1 - there.get(name, 0.0) / amount) for name, amount in amounts.items())


def _units(amount: float) -> int:
    return round(amount * _UNITS)


def _shown(name: str, amount: float) -> str:
    return f"{_amount(name, amount)} of memory" if name in _BYTES else f"{_amount(name, amount)} {name}"


def _shown_free(name: str, amount: float, node: HasResources) -> str:
    return _shown(name, node.free.get(name, 0.0)) + ("" if _on_chips(name, amount, node) else " in parts")


def _amount(name: str, amount: float) -> str:
    return f"{amount / 2**20:.0f} MiB" if name in _BYTES else f"{amount:g}"
