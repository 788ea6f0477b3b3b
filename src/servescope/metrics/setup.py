"""Which families a server shows and which metrics its workers declare, by its settings. Called once by `runtime`."""

from collections.abc import Sequence
from dataclasses import dataclass

from servescope.config.settings import Settings
from servescope.metrics.definitions import DEFINITIONS, Definition
from servescope.metrics.torchserve import HANDLER, read_metrics_config, select
from servescope.wire.messages import MetricDeclaration


@dataclass(frozen=True)
class MetricSetup:
    """`definitions` make the registry; `declarations` travel to the workers."""

    definitions: Sequence[Definition]
    declarations: Sequence[MetricDeclaration]


def read_definitions(settings: Settings) -> MetricSetup:
    """The families of `metrics_config`, or all of them.

    Raises:
        ConfigurationError: the file cannot be used.
    """
    if settings.metrics_config is not None:
        config = read_metrics_config(settings.metrics_config)
        chosen = select(config, auto_detect=settings.model_metrics_auto_detect)
        return MetricSetup(chosen, config.model_metrics)
    return MetricSetup(DEFINITIONS, [_declaration(definition) for definition in HANDLER])


def _declaration(definition: Definition) -> MetricDeclaration:
    """As metrics.yaml would say it: the host's name is added by the server."""
    return MetricDeclaration(definition.kind, definition.name, definition.unit, list(definition.labels[:-1]))
