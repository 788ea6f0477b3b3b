"""`ts.metrics.metric_type_enum`."""

from servescope.worker.measuring.arguments import MetricTypes

__all__ = ["MetricTypes"]
