"""A specification's YAML becomes nodes with their options, or is refused with the key and the value."""

import json
from contextlib import suppress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from servescope.archive.war.errors import InvalidWorkflow
from servescope.workflows.errors import InvalidDag
from servescope.workflows.spec.options import NodeOptions
from servescope.workflows.spec.spec import MAX_NODES, Node, parse_spec

TEXT = """
models:
  min-workers: 1
  max-workers: 4
  batch-size: 3
  max-batch-delay: 5000
  retry-attempts: 2
  timeout-ms: 400
  m1:
    url: model1.mar
    max-workers: 2
    batch-size: 4
  m2:
    url: https://example.com/m2.mar
dag:
  before: [m1]
  m1: [m2]
  m2: [after]
"""


def parse(text, handler="h.py"):
    """The specification and what is to be said of it."""
    warnings = []
    return parse_spec(text, "s.yaml", handler, warnings.append), warnings


def refusal(text, handler="h.py"):
    with pytest.raises(InvalidWorkflow) as error:
        parse(text, handler)
    return str(error.value)


def test_torchserves_own_example():
    """Options of all, overridden by a model's own; functions have one worker and no batches."""
    spec, warnings = parse(TEXT)
    every = NodeOptions(max_workers=4, batch_size=3, max_batch_delay_ms=5000, retry_attempts=2, timeout_ms=400)
    function = NodeOptions(max_batch_delay_ms=0, retry_attempts=2, timeout_ms=400)
    m1 = NodeOptions(max_workers=2, batch_size=4, max_batch_delay_ms=5000, retry_attempts=2, timeout_ms=400)
    assert warnings == []
    assert spec.options == every
    assert list(spec.nodes.values()) == [
        Node("before", None, function),
        Node("m1", "model1.mar", m1),
        Node("m2", "https://example.com/m2.mar", every),
        Node("after", None, function),
    ]


def test_defaults():
    """TorchServe's. `models` may be empty, or not there; a node without children may say so in two ways."""
    for text in ("dag: {a: []}", "models:\ndag: {a: []}", "models: {}\ndag: {a: }"):
        spec, _ = parse(text)
        assert spec.options == NodeOptions()
        assert (spec.dag.root, spec.dag.leaves) == ("a", ("a",))
    assert (NodeOptions().max_batch_delay_ms, NodeOptions().retry_attempts, NodeOptions().timeout_ms) == (50, 1, 10_000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models: [", "Failed to parse yaml. s.yaml: "),
        ("", "s.yaml holds None, not a mapping with models and dag"),
        ("- a", "s.yaml holds ['a'], not a mapping with models and dag"),
        ("models: 3\ndag: {a: []}", "s.yaml: models=3 must be a mapping"),
        ("models: {}", "s.yaml: dag=None must be a mapping"),
        ("dag: [a, b]", "s.yaml: dag=['a', 'b'] must be a mapping"),
        ("dag: {a: b}", "s.yaml: dag.a='b' must be a list of nodes"),
        ("dag: {a: [3]}", "s.yaml: dag.a: the node 3 is no text; in quotes it is one"),
        ("dag: {yes: [a]}", "s.yaml: dag: the node True is no text; in quotes it is one"),
        ("dag: {a: [b/c]}", "s.yaml: dag.a: the node 'b/c': slashes and backslashes divide a path"),
        ("dag: {'': [b]}", "s.yaml: dag: the node '': must not be empty"),
        ("models: {batch-size: 0}\ndag: {a: []}", "s.yaml: models.batch-size=0 must be a whole number from 1 to 65536"),
        (
            "models: {min-workers: -1}\ndag: {a: []}",
            "s.yaml: models.min-workers=-1 must be a whole number from 0 to 4096",
        ),
        ("models: {timeout-ms: '5'}\ndag: {a: []}", "s.yaml: models.timeout-ms='5' must be a whole number from 1"),
        ("models: {retry-attempts: true}\ndag: {a: []}", "s.yaml: models.retry-attempts=True must be a whole number"),
        ("models: {m: {url: x.mar, max-workers: 0}}\ndag: {m: []}", "s.yaml: models.m.max-workers=0 must be a whole"),
        ("models: {m: {}}\ndag: {m: []}", "s.yaml: models.m.url=None must be the archive of a model"),
        ("models: {m: {url: 3}}\ndag: {m: []}", "s.yaml: models.m.url=3 must be the archive of a model"),
        (
            "models: {max-worker: 3}\ndag: {a: []}",
            "s.yaml: models.'max-worker'=3 is neither a model, which has a url, nor an option; did you mean max-workers?",
        ),
        (
            "models: {mode: {url: x.mar}}\ndag: {a-b: [mode]}",
            "s.yaml: dag: the node 'a-b' is not under models, and no function of h.py can be called so",
        ),
    ],
)
def test_refusals(text, said):
    """Each names the file, the key and the value."""
    assert refusal(text).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dag:\n  a: [b]\n  a: [c]", "the key 'a' is there twice, the second time in line 3"),
        ("dag: {a: []}\ndag: {b: []}", "the key 'dag' is there twice, the second time in line 2"),
        (
            "models:\n  m: {url: x.mar, url: y.mar}\ndag: {m: []}",
            "the key 'url' is there twice, the second time in line 2",
        ),
    ],
)
def test_keys_that_are_there_twice(text, said):
    """An edge or a model would be lost in silence."""
    assert refusal(text) == f"Failed to parse yaml. s.yaml: {said}"


def test_what_an_alias_repeats_is_there_once():
    """Options that several models share, of which each may have others."""
    text = "models: {m: &m {url: x.mar, batch-size: 2}, n: {<<: *m, batch-size: 3}, o: *m}\ndag: {m: [n, o]}"
    spec, warnings = parse(text)
    assert [(node.url, node.options.batch_size) for node in spec.nodes.values()] == [
        ("x.mar", 2),
        ("x.mar", 3),
        ("x.mar", 2),
    ]
    assert warnings == []


def test_functions_without_a_handler():
    """A node has to be one or the other; what it may have been meant to be is said."""
    text = "models: {model: {url: x.mar}}\ndag: {modell: []}"
    assert refusal(text, "") == (
        "s.yaml: dag: the node 'modell' is not under models, and the workflow has no handler with functions; did you mean model?"
    )
    spec, _ = parse("models: {m: {url: x.mar}}\ndag: {m: []}", "")
    assert [node.url for node in spec.nodes.values()] == ["x.mar"]


def test_what_is_odd_is_said():
    """Keys that mean nothing, models that nobody asks, and counts that contradict each other."""
    text = """
modles: {}
models: {min-workers: 2, m: {url: x.mar, max-workers: 1, timeout: 3}, n: {url: y.mar, max-workers: 2}}
dag: {m: [a]}
"""
    assert parse(text)[1] == [
        "s.yaml: 'modles' is ignored; did you mean models?",
        "s.yaml: models.m: 'timeout' is ignored; did you mean timeout-ms?",
        "s.yaml: models.m: min-workers=2 is above max-workers=1, which is how many are started",
        "s.yaml: models.n is no node of the dag, and is not registered",
    ]


def test_too_many_nodes():
    """Each is a process at least."""
    edges = {f"n{number}": [f"n{number + 1}"] for number in range(MAX_NODES)}
    with pytest.raises(InvalidDag, match=f"dag has {MAX_NODES + 1} nodes; at most {MAX_NODES} are taken"):
        parse(json.dumps({"dag": edges}))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=3), max_leaves=8
)
KEYS = st.sampled_from(["url", "min-workers", "max-workers", "batch-size", "timeout-ms", "retry-attempts", "a", "b"])


@given(st.text(max_size=60))
def test_any_text(text):
    """It is a specification or refused, and nothing else happens."""
    with suppress(InvalidWorkflow):
        parse(text)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "models": VALUES | st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES, max_size=3), max_size=3),
            "dag": VALUES
            | st.dictionaries(st.sampled_from("abc"), st.lists(st.sampled_from("abc"), max_size=3), max_size=3),
        },
    )
)
def test_any_values(content):
    """Values of any type and depth are taken or refused; what is taken has nodes that can be run."""
    try:
        spec, _ = parse(yaml.safe_dump(content))
    except InvalidWorkflow:
        return
    assert set(spec.nodes) == set(spec.dag.nodes)
    assert all(node.options.timeout_ms >= 1 and node.options.max_workers >= 1 for node in spec.nodes.values())


@given(st.lists(st.text("abcxyz_", min_size=1, max_size=5), min_size=1, max_size=12, unique=True), st.data())
def test_whatever_is_written_is_read(names, data):
    """A graph in which each node leads to later ones alone comes back as it was written."""
    edges = {
        name: data.draw(st.lists(st.sampled_from(names[place + 1 :]), unique=True)) if names[place + 1 :] else []
        for place, name in enumerate(names)
    }
    for name in names[1:]:
        if not any(name in to for to in edges.values()):
            edges[names[0]].append(name)
    spec, _ = parse(json.dumps({"dag": edges}))
    assert {node: list(to) for node, to in spec.dag.children.items()} == edges
