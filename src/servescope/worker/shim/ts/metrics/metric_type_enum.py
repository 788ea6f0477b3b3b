"""`ts.metrics.metric_type_enum`."""

from servescope.worker.measuring.caching_metric import MetricTypes

__all__ = ["MetricTypes"]
