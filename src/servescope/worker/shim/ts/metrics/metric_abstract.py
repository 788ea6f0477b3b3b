"""`ts.metrics.metric_abstract`: what a custom metric is; those of `context.metrics` count as such."""

import abc

from servescope.worker.measuring.arguments import MetricTypes, shown_unit
from servescope.worker.measuring.caching_metric import CachingMetric


class MetricAbstract(abc.ABC):
    """A metric's name, its unit as metrics show it, its dimensions' names, its type."""

    def __init__(self, metric_name, unit, dimension_names=None, metric_type=MetricTypes.COUNTER) -> None:
        self.metric_name = metric_name
        self.unit = shown_unit(unit)
        self.dimension_names = dimension_names or []
        self.metric_type = metric_type

    @abc.abstractmethod
    def add_or_update(self, value, dimension_values, request_id="") -> None:
        """Take a value under these dimensions."""


MetricAbstract.register(CachingMetric)
