"""The graph of a workflow: which node's answer goes where. Edges in, a graph that can be run out, or what is wrong with it. Pure.

Called by `spec`. The words at the beginning of each error are TorchServe's (ensemble/Dag).
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from servescope.workflows.errors import InvalidDag

Edges = Mapping[str, Sequence[str]]

_MOST_SHOWN = 8


class Dag(Struct, frozen=True):
    """A graph with one root and without cycles. `edges`: as the specification has them. `children`, `parents`: of every node, in
    the order in which the specification names them; `leaves`: the nodes without children.
    """

    edges: Edges
    root: str
    children: Edges
    parents: Edges
    leaves: Sequence[str]

    @property
    def nodes(self) -> Sequence[str]:
        """Their names."""
        return tuple(self.children)

    def __str__(self) -> str:
        """As TorchServe writes it: `{a=[b, c], b=[d]}`."""
        written = (f"{node}=[{', '.join(to)}]" for node, to in self.edges.items())
        return f"{{{', '.join(written)}}}"


def build_dag(edges: Edges) -> Dag:
    """The graph that these edges make.

    Raises:
        InvalidDag: no node or several that none leads to, a cycle, or an edge that is there twice; the text names the nodes.
    """
    children: dict[str, Sequence[str]] = {}
    parents: dict[str, list[str]] = {}
    for node, to in edges.items():
        _refuse_loops(node, to)
        children[node] = tuple(to)
    for to in edges.values():
        for child in to:
            children.setdefault(child, ())
    for node, to in children.items():
        parents.setdefault(node, [])
        for child in to:
            parents.setdefault(child, []).append(node)
    ordered = {node: tuple(parents[node]) for node in children}
    root = _root(children, ordered)
    if cycle := _cycle(children):
        raise InvalidDag(f"Not a valid DAG: {_path(cycle)} is a cycle")
    leaves = tuple(node for node, to in children.items() if not to)
    return Dag(edges, root, children, ordered, leaves)


def _refuse_loops(node: str, to: Sequence[str]) -> None:
    if node in to:
        raise InvalidDag(f"Self loop exception: {node!r} leads to itself")
    twice = next((child for place, child in enumerate(to) if child in to[:place]), None)
    if twice is not None:
        raise InvalidDag(f"loop exception: {node!r} leads to {twice!r} twice")


def _root(children: Edges, parents: Edges) -> str:
    roots = [node for node in children if not parents[node]]
    if len(roots) == 1:
        return roots[0]
    text = "DAG should have only one start node"
    if roots:
        raise InvalidDag(f"{text}, and has {len(roots)}: {_shown(roots)}")
    cycle = _cycle(children)
    raise InvalidDag(f"{text}, and has none: {_path(cycle)} is a cycle" if cycle else f"{text}, and has no nodes")


def _cycle(children: Edges) -> Sequence[str]:
    """The nodes of a cycle, the first once more at the end; empty where there is none. Without recursion: graphs may be long."""
    done: set[str] = set()
    for start in children:
        if start in done:
            continue
        path: dict[str, Iterator[str]] = {start: iter(children[start])}
        while path:
            node = next(reversed(path))
            child = next(path[node], None)
            if child is None:
                del path[node]
                done.add(node)
            elif child in path:
                on_path = list(path)
                return [*on_path[on_path.index(child) :], child]
            elif child not in done:
                path[child] = iter(children[child])
    return ()


def _path(nodes: Sequence[str]) -> str:
    return " → ".join(map(repr, nodes[:_MOST_SHOWN])) + (" → …" if len(nodes) > _MOST_SHOWN else "")


def _shown(nodes: Sequence[str]) -> str:
    return ", ".join(map(repr, nodes[:_MOST_SHOWN])) + (", …" if len(nodes) > _MOST_SHOWN else "")
