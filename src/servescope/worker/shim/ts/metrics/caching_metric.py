"""`ts.metrics.caching_metric`."""

from servescope.worker.measuring.caching_metric import CachingMetric

__all__ = ["CachingMetric"]
