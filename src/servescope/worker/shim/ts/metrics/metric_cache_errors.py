"""`ts.metrics.metric_cache_errors`: what `context.metrics` and the cache of `metric_cache_yaml_impl` raise."""

import yaml

from servescope.worker.measuring.caching_metric import (
    MetricsCacheKeyError,
    MetricsCacheTypeError,
    MetricsCacheValueError,
)

__all__ = [
    "GeneralMetricsCacheError",
    "MetricsCacheIOError",
    "MetricsCacheKeyError",
    "MetricsCachePyYamlError",
    "MetricsCacheTypeError",
    "MetricsCacheValueError",
]


class GeneralMetricsCacheError(Exception):
    """Anything else."""

    def __init__(self, message) -> None:
        super().__init__(f"Generic error: {message}")


class MetricsCacheIOError(OSError):
    """The file cannot be read."""

    def __init__(self, message) -> None:
        super().__init__(f"Error reading file: {message}")


class MetricsCachePyYamlError(yaml.YAMLError):
    """The file is no YAML."""

    def __init__(self, message) -> None:
        super().__init__(f"Error parsing file: {message}")
