"""Edges make a graph that can be run, or are refused with TorchServe's words and the nodes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.workflows.errors import InvalidDag
from servescope.workflows.spec.dag import build_dag

NAMES = st.sampled_from("abcdefgh")
EDGES = st.dictionaries(NAMES, st.lists(NAMES, max_size=4), max_size=8)


def test_a_diamond():
    """Root, leaves, and who is before and after whom, in the order in which they are named."""
    dag = build_dag({"a": ["b", "c"], "b": ["d"], "c": ["d"]})
    assert (dag.root, dag.nodes, dag.leaves) == ("a", ("a", "b", "c", "d"), ("d",))
    assert (dag.children["a"], dag.parents["d"], dag.parents["a"]) == (("b", "c"), ("b", "c"), ())
    assert str(dag) == "{a=[b, c], b=[d], c=[d]}"


@pytest.mark.parametrize(
    ("edges", "text"),
    [
        ({}, "DAG should have only one start node, and has no nodes"),
        ({"a": ["c"], "b": ["c"]}, "DAG should have only one start node, and has 2: 'a', 'b'"),
        ({"a": ["b"], "b": ["a"]}, "DAG should have only one start node, and has none: 'a' → 'b' → 'a' is a cycle"),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, "Not a valid DAG: 'b' → 'c' → 'b' is a cycle"),
        ({"a": ["a"]}, "Self loop exception: 'a' leads to itself"),
        ({"a": ["b", "c", "b"]}, "loop exception: 'a' leads to 'b' twice"),
    ],
)
def test_refusals(edges, text):
    """Each names what it is about."""
    with pytest.raises(InvalidDag) as refusal:
        build_dag(edges)
    assert (str(refusal.value), refusal.value.status) == (text, 400)


def test_a_long_chain():
    """Its length is nobody's business: nothing here calls itself."""
    names = [f"n{number}" for number in range(20_000)]
    dag = build_dag({one: [other] for one, other in pairwise(names)})
    assert (dag.root, dag.leaves) == (names[0], (names[-1],))
    with pytest.raises(InvalidDag, match="Not a valid DAG"):
        build_dag({one: [other] for one, other in zip(names, [*names[1:], names[1]], strict=True)})


@given(EDGES)
def test_a_graph_can_be_run(edges):
    """What is taken has an order in which every node comes once, after all that lead to it; what is refused has none."""
    try:
        dag = build_dag(edges)
    except InvalidDag:
        dag = None
    order = run_order(edges)
    named = set(edges) | {child for to in edges.values() for child in to}
    roots = named - {child for to in edges.values() for child in to}
    plain = all(node not in to and len(set(to)) == len(to) for node, to in edges.items())
    assert (dag is not None) == (plain and len(roots) == 1 and len(order) == len(named))
    if dag is not None:
        assert set(dag.nodes) == named
        assert {dag.root} == roots
        assert set(dag.leaves) == {node for node in named if not edges.get(node)}
        for node in named:
            assert set(dag.parents[node]) == {other for other, to in edges.items() if node in to}


def run_order(edges):
    """The nodes that can be run, one after the other: those that all before have been."""
    named = list(dict.fromkeys([*edges, *(child for to in edges.values() for child in to)]))
    done = []
    while more := [
        node for node in named if node not in done and all(other in done for other, to in edges.items() if node in to)
    ]:
        done += more
    return done
