"""TorchServe's metrics.yaml: which of its families are on, under which labels, and which metrics handlers declare.

In: the file that the option `metrics_config` names. Out: a `MetricsConfig`; `select` turns it into the definitions
that the registry shows, and its `model_metrics` travel to the workers. Called by `runtime` and `servescope metrics
check`. The rules are TorchServe's (contract, section C); where it starts with no metrics at all or lets workers die
of a bad file, this raises.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from servescope.errors import ConfigurationError
from servescope.metrics.definitions import BY_NAME, OWN, TORCHSERVE, Definition, Kind
from servescope.metrics.instruments.escaping import LABEL_NAME
from servescope.metrics.torchserve.custom_definition import HOSTNAME, custom_definition
from servescope.metrics.torchserve.units import SAME, buckets_for, conversion
from servescope.wire.measured.names import METRIC_NAME
from servescope.wire.messages import MetricDeclaration

KINDS = ("counter", "gauge", "histogram")
# TorchServe's families that its metrics.yaml lists under model_metrics.
HANDLER = tuple(definition for definition in TORCHSERVE if "ModelName" in definition.labels)


class MetricsConfig(Struct, frozen=True):
    """A metrics.yaml. `ts_metrics` is None where the file has no such section: then all of the server's families
    are on.
    """

    ts_metrics: tuple[MetricDeclaration, ...] | None
    model_metrics: tuple[MetricDeclaration, ...]


def read_metrics_config(path: Path) -> MetricsConfig:
    """Read and check a metrics.yaml. Raises ConfigurationError, which names the section, the entry's index and the
    key.
    """
    import yaml  # by servers that have such a file

    where = f"metrics_config {path}"
    try:
        content = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{where} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{where} is no YAML: {_problem(error)}") from None
    if not isinstance(content, dict):
        raise ConfigurationError(f"{where}: there must be sections ts_metrics and model_metrics, not {content!r}")
    if "model_metrics" not in content:
        raise ConfigurationError(f"{where}: the section model_metrics is missing")
    ts_metrics = _section(content["ts_metrics"], f"{where}: ts_metrics") if "ts_metrics" in content else None
    model_metrics = _section(content["model_metrics"], f"{where}: model_metrics")
    _check_names([*(ts_metrics or ()), *model_metrics], where)
    config = MetricsConfig(ts_metrics, model_metrics)
    _check_built_in(config, where)
    return config


def _problem(error: Exception) -> str:
    """What is wrong and on which line, without PyYAML's drawing of the place."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    mark = getattr(error, "problem_mark", None)  # of its MarkedYAMLError
    if mark is not None:
        return f"line {mark.line + 1}, column {mark.column + 1}: {getattr(error, 'problem', None)}"
    return str(error)


def _section(content: Any, where: str) -> tuple[MetricDeclaration, ...]:
    """The declarations of one section, in the file's order."""
    if not isinstance(content, dict) or not content:
        raise ConfigurationError(f"{where} must have keys among {', '.join(KINDS)}, not {content!r}")
    found: list[MetricDeclaration] = []
    for kind, entries in content.items():
        if kind not in KINDS:
            raise ConfigurationError(f"{where}: {kind!r} is none of the types {', '.join(KINDS)}")
        if not isinstance(entries, list) or not entries:
            raise ConfigurationError(f"{where}.{kind} must be a list of metrics, not {entries!r}")
        found += [_entry(kind, entry, f"{where}.{kind}[{index}]") for index, entry in enumerate(entries)]
    return tuple(found)


def _entry(kind: str, entry: Any, where: str) -> MetricDeclaration:
    if not isinstance(entry, dict):
        raise ConfigurationError(f"{where} must have the keys name, unit and dimensions, not {entry!r}")
    for key in ("name", "unit", "dimensions"):
        if key not in entry:
            raise ConfigurationError(f"{where}: the key {key} is missing")
    for key in ("name", "unit"):
        if not isinstance(entry[key], str) or not entry[key]:
            raise ConfigurationError(f"{where}.{key} must be a text that is not empty, not {entry[key]!r}")
    if not METRIC_NAME.fullmatch(entry["name"]):
        raise ConfigurationError(f"{where}.name: {entry['name']!r} is no valid Prometheus metric name")
    _check_dimensions(entry["dimensions"], f"{where}.dimensions")
    return MetricDeclaration(kind, entry["name"], entry["unit"], entry["dimensions"])


def _check_dimensions(dimensions: Any, where: str) -> None:
    if not isinstance(dimensions, list):
        raise ConfigurationError(f"{where} must be a list, not {dimensions!r}")
    for index, dimension in enumerate(dimensions):
        if not isinstance(dimension, str) or not LABEL_NAME.fullmatch(dimension):
            raise ConfigurationError(f"{where}[{index}]: {dimension!r} is no valid Prometheus label name")
        if dimension in dimensions[:index]:
            raise ConfigurationError(f"{where}[{index}]: {dimension!r} is there twice")


def _check_names(declarations: Sequence[MetricDeclaration], where: str) -> None:
    """No two families may show samples of the same name, nor one of this project's own."""
    taken = {name: own.name for own in OWN for name in (own.name, *own.sample_names)}
    for declaration in declarations:
        definition = Definition(declaration.name, cast("Kind", declaration.kind), "", (), "")
        for name in {definition.name, *definition.sample_names}:
            if name in taken:
                raise ConfigurationError(f"{where}: the name {declaration.name} is taken by {taken[name]}")
        taken |= dict.fromkeys((definition.name, *definition.sample_names), declaration.name)


def _check_built_in(config: MetricsConfig, where: str) -> None:
    """The server's values have a label each in the file, so type and number of dimensions must be its own."""
    for section, declarations in (("ts_metrics", config.ts_metrics or ()), ("model_metrics", config.model_metrics)):
        for declaration in declarations:
            definition = BY_NAME.get(declaration.name)
            if definition is None:
                continue
            place = f"{where}: {section}.{declaration.kind}: {declaration.name}"
            if section == "model_metrics" and definition not in HANDLER:
                raise ConfigurationError(f"{place} is the server's own and belongs in ts_metrics")
            if declaration.kind != definition.kind:
                raise ConfigurationError(f"{place} is a {definition.kind}")
            labels = _labels(declaration, section)
            if len(labels) != len(definition.labels) or labels[-1].lower() != "hostname":
                raise ConfigurationError(
                    f"{place}: dimensions must stand for {', '.join(definition.labels)}, not {declaration.dimensions}"
                )


def _labels(declaration: MetricDeclaration, section: str) -> tuple[str, ...]:
    """The labels that a declaration exposes: `Hostname` comes last by itself in model_metrics only."""
    if section == "model_metrics":
        return custom_definition("gauge", declaration.name, "", declaration.dimensions).labels
    return tuple(declaration.dimensions)


def select(config: MetricsConfig, *, auto_detect: bool) -> tuple[Definition, ...]:
    """The definitions that a server with this file shows: what it lists, and this project's own families.

    `auto_detect` (the option model_metrics_auto_detect): also TorchServe's families of handlers that it does not list.
    """
    listed = {declaration.name for declaration in (*(config.ts_metrics or ()), *config.model_metrics)}
    chosen = [_server_metric(declaration) for declaration in config.ts_metrics or ()]
    if config.ts_metrics is None:
        chosen = [definition for definition in TORCHSERVE if definition not in HANDLER]
    chosen += [_model_metric(declaration) for declaration in config.model_metrics]
    if auto_detect:
        chosen += [definition for definition in HANDLER if definition.name not in listed]
    return (*chosen, *OWN)


def _server_metric(declaration: MetricDeclaration) -> Definition:
    """A listed family under the file's labels and unit; one that the server does not write is declared and stays empty."""
    labels = _labels(declaration, "ts_metrics")
    if declaration.name in BY_NAME:
        return _built_in(BY_NAME[declaration.name], labels, declaration.unit)
    kind = cast("Kind", declaration.kind)
    text = f"{declaration.name}, declared in metrics_config."
    buckets = buckets_for(declaration.unit) if kind == "histogram" else ()
    return Definition(
        declaration.name, kind, declaration.unit, labels, text, "Nothing in this server writes it.", buckets
    )


def _model_metric(declaration: MetricDeclaration) -> Definition:
    if declaration.name in BY_NAME:
        return _built_in(BY_NAME[declaration.name], _labels(declaration, "model_metrics"), declaration.unit)
    return custom_definition(cast("Kind", declaration.kind), declaration.name, declaration.unit, declaration.dimensions)


def _built_in(definition: Definition, labels: tuple[str, ...], unit: str) -> Definition:
    """A family that the server writes, under the file's labels. Its values are in its own unit, which the file may spell
    differently (Milliseconds for ms) and not change.
    """
    order = _order(definition.labels, labels)
    straight = order == tuple(range(len(labels)))
    spelt = unit if conversion(unit, definition.unit) == SAME else definition.unit
    return replace(definition, labels=labels, unit=spelt, order=() if straight else order)


def _order(own: Sequence[str], labels: Sequence[str]) -> tuple[int, ...]:
    """Where among the server's own labels the file's stand: by name. Those that it has other names for take what is left, in order.

    The host's name is last in both.
    """
    last = len(own) - 1
    left = iter([place for place, label in enumerate(own[:last]) if label not in labels[:last]])
    places = [own.index(label) if label in own[:last] else next(left) for label in labels[:last]]
    return (*places, last)


def worker_declarations(config: MetricsConfig) -> tuple[MetricDeclaration, ...]:
    """What workers are told of model_metrics: as declared, but for this server's own families, whose dimensions have its names
    there, in the file's order, whatever the file calls them.
    """
    return tuple([_for_workers(declaration) for declaration in config.model_metrics])


def _for_workers(declaration: MetricDeclaration) -> MetricDeclaration:
    own = BY_NAME.get(declaration.name)
    if own is None:
        return declaration
    order = _order(own.labels, _labels(declaration, "model_metrics"))
    names = [own.labels[place] for place in order if own.labels[place] != HOSTNAME]
    return MetricDeclaration(declaration.kind, declaration.name, declaration.unit, names)
