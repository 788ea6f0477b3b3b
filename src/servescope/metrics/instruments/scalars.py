"""Counters and gauges: slotted, bound to their label values once, written by plain attribute writes.

In: writes of `recorder`, `custom` and `collectors.sampler`, or readers that are asked at scrape time. Out: `value`, which
the renderers in `exposition` read. Made by `families`.
"""

import logging
import math
from collections.abc import Callable
from copy import copy
from typing import TypeVar

logger = logging.getLogger(__name__)
S = TypeVar("S", "Counter", "Gauge")


class Counter:
    """A sum that only grows: `counter.value += x`, x ≥ 0. `labels` are its values, escaped for the text formats."""

    __slots__ = ("labels", "value")

    def __init__(self, labels: tuple[str, ...] = ()) -> None:
        self.labels = labels
        self.value = 0.0

    def relabelled(self, labels: tuple[str, ...]) -> "Counter":
        """Another one with the same value."""
        return _relabelled(self, labels)


class Gauge:
    """A value that goes up and down: `gauge.value = x`. `labels` as in `Counter`. `order`: when it was written, for those who may
    learn of writes in another order (see `MetricUpdate`).
    """

    __slots__ = ("labels", "order", "value")

    def __init__(self, labels: tuple[str, ...] = ()) -> None:
        self.labels = labels
        self.order = 0.0
        self.value = 0.0

    def relabelled(self, labels: tuple[str, ...]) -> "Gauge":
        """Another one with the same value."""
        return _relabelled(self, labels)


class ReadCounter(Counter):
    """A counter whose value is asked for at scrape time. A reader that raises gives NaN, and is logged."""

    __slots__ = ("_read",)

    def __init__(self, labels: tuple[str, ...], read: Callable[[], float]) -> None:
        self.labels = labels
        self._read = read

    @property
    def value(self) -> float:  # type: ignore[override]
        """What the reader says now."""
        return _asked(self._read, "counter")


class ReadGauge(Gauge):
    """A gauge whose value is asked for at scrape time. A reader that raises gives NaN, and is logged."""

    __slots__ = ("_read",)

    def __init__(self, labels: tuple[str, ...], read: Callable[[], float]) -> None:
        self.labels = labels
        self._read = read

    @property
    def value(self) -> float:  # type: ignore[override]
        """What the reader says now."""
        return _asked(self._read, "gauge")


def _relabelled(scalar: S, labels: tuple[str, ...]) -> S:
    twin = copy(scalar)
    twin.labels = labels
    return twin


def _asked(read: Callable[[], float], kind: str) -> float:
    try:
        return float(read())
    except Exception:
        logger.warning("a %s could not be read at scrape time; its value is NaN", kind, exc_info=True)
        return math.nan
