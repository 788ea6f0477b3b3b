"""`ts.metrics.caching_metric`."""

from servescope.worker.caching_metric import CachingMetric

__all__ = ["CachingMetric"]
