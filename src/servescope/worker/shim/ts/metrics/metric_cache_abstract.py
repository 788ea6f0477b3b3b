"""`ts.metrics.metric_cache_abstract`: what a cache of custom metrics can do; `context.metrics` counts as one."""

import abc

from servescope.worker.measuring.arguments import MetricTypes
from servescope.worker.measuring.custom_metrics import CustomMetrics


class MetricCacheAbstract(abc.ABC):
    """Metrics by type and name, and a way to declare them."""

    @abc.abstractmethod
    def initialize_cache(self) -> None:
        """Make what the configuration declares."""

    @abc.abstractmethod
    def get_metric(self, metric_name, metric_type=MetricTypes.COUNTER):
        """The metric; MetricsCacheKeyError if there is none."""

    @abc.abstractmethod
    def add_metric_to_cache(self, metric_name, unit, dimension_names=None, metric_type=MetricTypes.COUNTER):
        """Declare a metric."""


MetricCacheAbstract.register(CustomMetrics)
