"""Which families a server shows and logs, and which metrics its workers declare, by its settings. Called once by `server`."""

import logging
from collections.abc import Mapping, Sequence

from msgspec import Struct

from servescope.config.settings import Settings
from servescope.metrics.definitions import DEFINITIONS, OWN, Definition
from servescope.metrics.instruments.buckets import apply_buckets
from servescope.metrics.torchserve.metrics_yaml import HANDLER, read_metrics_config, select, worker_declarations
from servescope.metrics.torchserve.mode import MetricsMode, metrics_mode
from servescope.metrics.torchserve.units import bounds_by_unit, buckets_for, conversions
from servescope.wire.messages import Measuring, MetricDeclaration

logger = logging.getLogger(__name__)

_OWN_NAMES = frozenset(definition.name for definition in OWN)


class MetricSetup(Struct, frozen=True):
    """`definitions` make the registry, `logged` the lines of the modes that log; `declarations` and `measuring` travel to the
    workers. `buckets`: bounds of histograms that handlers may make later, by name in small letters.
    """

    mode: MetricsMode
    definitions: Sequence[Definition]
    logged: Sequence[Definition]
    declarations: Sequence[MetricDeclaration]
    measuring: Measuring
    buckets: Mapping[str, tuple[float, ...]]


def read_definitions(settings: Settings) -> MetricSetup:
    """What `metrics_config` (all families without one), `metrics_mode` and the buckets' settings ask for.

    Raises:
        ConfigurationError: the file cannot be used, or there is no such mode or histogram.
    """
    mode = metrics_mode(settings.metrics_mode)
    chosen: Sequence[Definition] = DEFINITIONS
    declarations: Sequence[MetricDeclaration] = [_declaration(definition) for definition in HANDLER]
    if settings.metrics_config is not None:
        config = read_metrics_config(settings.metrics_config)
        chosen = select(config, auto_detect=settings.model_metrics_auto_detect)
        declarations = worker_declarations(config)
    chosen, later = apply_buckets(chosen, settings.metrics_buckets, others=settings.model_metrics_auto_detect)
    for name in later:
        logger.info(
            "metrics_buckets_%s is for a histogram of that name, which a handler may make by context.metrics", name
        )
    torchserves = [definition for definition in chosen if definition.name not in _OWN_NAMES]
    measuring = _measuring(settings, mode, torchserves)
    return MetricSetup(mode, mode.shown(chosen), mode.logged(torchserves), declarations, measuring, later)


def _measuring(settings: Settings, mode: MetricsMode, definitions: Sequence[Definition]) -> Measuring:
    """How workers count, so that their counts are by the bounds that the registry has."""
    named = {one.name.lower(): list(one.buckets) for one in definitions if one.kind == "histogram"}
    named |= {name.lower(): list(bounds) for name, bounds in settings.metrics_buckets.items()}
    by_unit = {unit: list(bounds) for unit, bounds in bounds_by_unit().items()}
    units = {unit: [(times, per) for times, per in found] for unit, found in conversions().items()}
    return Measuring(settings.metrics_series_budget, mode.logs, named, by_unit, list(buckets_for("")), units)


def _declaration(definition: Definition) -> MetricDeclaration:
    """As metrics.yaml would say it: the host's name is added by the server."""
    return MetricDeclaration(definition.kind, definition.name, definition.unit, list(definition.labels[:-1]))
