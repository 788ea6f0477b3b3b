"""A workflow's specification: the text of its YAML in, a `Spec` and warnings out. Pure. Called by `lifecycle`.

    models:                  # options of all nodes, then models by the names of their nodes
      retry-attempts: 2
      m: {url: model.mar, batch-size: 4}
    dag:                     # which node's answer goes to which others; a node that is no model is a function of the handler
      before: [m]
      m: [after]

The form is TorchServe's (ensemble/WorkFlow).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from servescope.archive.war.errors import InvalidWorkflow
from servescope.config.model.yaml_values import load_yaml, shown
from servescope.config.names import fault_of
from servescope.config.nearest import did_you_mean
from servescope.workflows.errors import InvalidDag
from servescope.workflows.spec.dag import Dag, build_dag
from servescope.workflows.spec.options import KEYS, NodeOptions, read_options, warn_of_bounds

MAX_NODES: Final = 256
SECTIONS: Final = ("models", "dag")
URL: Final = "url"

Warn = Callable[[str], None]


class Node(Struct, frozen=True):
    """A node of the graph. `url`: of the model's archive, None where it is a function of the workflow's handler."""

    name: str
    url: str | None
    options: NodeOptions


class Spec(Struct, frozen=True):
    """`options`: what holds where a node says nothing else. `nodes`: by name, those of the graph."""

    options: NodeOptions
    nodes: Mapping[str, Node]
    dag: Dag


def parse_spec(text: str, name: str, handler: str, warn: Warn) -> Spec:
    """Read a specification. `name`: the file's, for the messages. `handler`: the file of the functions, "" without.

    Raises:
        InvalidWorkflow, InvalidDag: it cannot be kept to; the text names the file, the key and the value.
    """
    content = _load(text, name)
    for key in content:
        if key not in SECTIONS:
            warn(f"{name}: {shown(key)} is ignored{did_you_mean(key, SECTIONS)}")
    models = _section(content, "models", name)
    options = read_options(models, NodeOptions(), f"{name}: models")
    entries = {key: value for key, value in models.items() if key not in KEYS}
    dag = build_dag(_edges(_section(content, "dag", name, needed=True), name))
    known = {key: _model(key, entry, options, name, warn) for key, entry in entries.items()}
    for key in (key for key in known if key not in dag.children):
        warn(f"{name}: models.{key} is no node of the dag, and is not registered{did_you_mean(key, dag.nodes)}")
    nodes = {node: known.get(node) or _function(node, options, handler, name, known) for node in dag.nodes}
    return Spec(options, nodes, dag)


def _load(text: str, name: str) -> Mapping[Any, Any]:
    try:
        content = load_yaml(text, once=True)
    except ValueError as error:
        raise InvalidWorkflow(f"Failed to parse yaml. {name}: {error}") from error
    if not isinstance(content, dict):
        raise InvalidWorkflow(f"{name} holds {shown(content)}, not a mapping with models and dag")
    return content


def _section(content: Mapping[Any, Any], key: str, name: str, *, needed: bool = False) -> Mapping[Any, Any]:
    value = content.get(key)
    if value is None and not needed:
        return {}
    if not isinstance(value, dict):
        raise InvalidWorkflow(f"{name}: {key}={shown(value)} must be a mapping")
    return value


def _edges(section: Mapping[Any, Any], name: str) -> dict[str, tuple[str, ...]]:
    edges: dict[str, tuple[str, ...]] = {}
    for node, to in section.items():
        place = f"{name}: dag.{_name(node, f'{name}: dag')}"
        if to is not None and not isinstance(to, list):
            raise InvalidWorkflow(f"{place}={shown(to)} must be a list of nodes")
        edges[node] = tuple(_name(child, place) for child in to or ())
    found = len({*edges, *(child for to in edges.values() for child in to)})
    if found > MAX_NODES:
        raise InvalidDag(f"{name}: dag has {found} nodes; at most {MAX_NODES} are taken")
    return edges


def _name(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise InvalidWorkflow(f"{place}: the node {shown(value)} is no text; in quotes it is one")
    if (fault := fault_of(value)) is not None:
        raise InvalidWorkflow(f"{place}: the node {fault}")
    return value


def _model(key: Any, entry: Any, base: NodeOptions, name: str, warn: Warn) -> Node:
    if not isinstance(entry, dict):
        near = did_you_mean(key, KEYS)
        raise InvalidWorkflow(
            f"{name}: models.{shown(key)}={shown(entry)} is neither a model, which has a url, nor an option{near}"
        )
    node = _name(key, f"{name}: models")
    place = f"{name}: models.{node}"
    for written in entry:
        if written != URL and written not in KEYS:
            warn(f"{place}: {shown(written)} is ignored{did_you_mean(written, (URL, *KEYS))}")
    url = entry.get(URL)
    if not isinstance(url, str) or not url:
        raise InvalidWorkflow(f"{place}.url={shown(url)} must be the archive of a model")
    options = read_options(entry, base, place)
    warn_of_bounds(options, place, warn)
    return Node(node, url, options)


def _function(node: str, base: NodeOptions, handler: str, name: str, models: Mapping[str, Node]) -> Node:
    """A node that no model is called like. One worker a function, one request a batch, as in TorchServe."""
    place = f"{name}: dag: the node {node!r} is not under models"
    if not handler:
        raise InvalidWorkflow(f"{place}, and the workflow has no handler with functions{did_you_mean(node, models)}")
    if not node.isidentifier():
        raise InvalidWorkflow(f"{place}, and no function of {handler} can be called so{did_you_mean(node, models)}")
    options = NodeOptions(max_batch_delay_ms=0, retry_attempts=base.retry_attempts, timeout_ms=base.timeout_ms)
    return Node(node, None, options)
