"""Histogram buckets that follow a custom metric's unit (contract, deliberate departures).

In: a unit as handlers or metrics.yaml write it. Out: upper bounds in that unit. Called by `custom` and `torchserve`.
"""

from servescope.metrics.definitions import DEFAULT_BUCKETS

_A_SECOND = {"ms": 1e3, "milliseconds": 1e3, "us": 1e6, "microseconds": 1e6, "ns": 1e9, "nanoseconds": 1e9}
_A_KIBIBYTE = {"b": 1024.0, "bytes": 1024.0, "kb": 1.0, "kilobytes": 1.0}
_PERCENTS = ("percent", "%")
_PERCENT = (1.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 99.0, 100.0)
# 256 bytes to 16 GiB in steps of 4.
_KIBIBYTES = tuple(4.0**power for power in range(-1, 13))


def bounds_by_unit() -> dict[str, tuple[float, ...]]:
    """The bounds of all units that have their own, by the unit in lower case."""
    return {unit: buckets_for(unit) for unit in (*_A_SECOND, *_A_KIBIBYTE, *_PERCENTS)}


def buckets_for(unit: str) -> tuple[float, ...]:
    """Upper bounds in `unit`: TorchServe's default ones where the unit says nothing else (seconds, km, "")."""
    key = unit.lower()
    if key in _A_SECOND:
        return tuple(round(bound * _A_SECOND[key], 6) for bound in DEFAULT_BUCKETS)
    if key in _A_KIBIBYTE:
        return tuple(bound * _A_KIBIBYTE[key] for bound in _KIBIBYTES)
    if key in _PERCENTS:
        return _PERCENT
    return DEFAULT_BUCKETS
