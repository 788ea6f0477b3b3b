"""`ts.metrics.metric_type_enum`."""

from servescope.worker.caching_metric import MetricTypes

__all__ = ["MetricTypes"]
