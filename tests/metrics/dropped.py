"""What a registry's servescope_series_dropped_total says, but for what is zero."""

from servescope.metrics.registry import Registry


def dropped(registry: Registry) -> dict[tuple[str, ...], float]:
    """Updates by family, reason and model."""
    series = registry.counter("servescope_series_dropped_total").series
    return {labels: counter.value for labels, counter in series.items() if counter.value}
