"""`ts.metrics.metric_cache_errors`: what `context.metrics` raises."""

from servescope.worker.measuring.caching_metric import (
    MetricsCacheKeyError,
    MetricsCacheTypeError,
    MetricsCacheValueError,
)

__all__ = ["MetricsCacheKeyError", "MetricsCacheTypeError", "MetricsCacheValueError"]
