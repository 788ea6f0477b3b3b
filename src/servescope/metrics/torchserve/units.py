"""Units of handlers' metrics: what one is in another, and the buckets of a histogram in it (contract, deliberate departures).

In: units as handlers or metrics.yaml write them, in any letter case. Out: factors, and upper bounds in that unit. Called by
`custom_family`, `metrics_yaml` and the log modes. Sizes are TorchServe's: a kB is 1024 B, a MB 1024 kB, as in its MemoryUsed.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from servescope.metrics.definitions import DEFAULT_BUCKETS

UNSTATED = ("", "unit")

_A_SECOND = 1e9
_NANOSECONDS = {
    1.0: ("ns", "nanosecond", "nanoseconds"),
    1e3: ("us", "µs", "microsecond", "microseconds"),
    1e6: ("ms", "msec", "millisecond", "milliseconds"),
    _A_SECOND: ("s", "sec", "second", "seconds"),
    60 * _A_SECOND: ("min", "minute", "minutes"),
    3600 * _A_SECOND: ("h", "hour", "hours"),
}
_KIBIBYTE = 1024.0
_BYTES = {
    1.0: ("b", "byte", "bytes"),
    _KIBIBYTE: ("kb", "kib", "kilobyte", "kilobytes"),
    _KIBIBYTE**2: ("mb", "mib", "megabyte", "megabytes"),
    _KIBIBYTE**3: ("gb", "gib", "gigabyte", "gigabytes"),
    _KIBIBYTE**4: ("tb", "tib", "terabyte", "terabytes"),
}
_PERCENT = {1.0: ("percent", "percentage", "%")}
_COUNT = {1.0: ("count", "counts")}


def _sizes(dimension: str, units: Mapping[float, Iterable[str]]) -> dict[str, tuple[str, float]]:
    return {name: (dimension, size) for size, names in units.items() for name in names}


# By its name in small letters: what a unit measures, and how many of the smallest it is, a whole number.
_KNOWN = {
    **_sizes("time", _NANOSECONDS),
    **_sizes("size", _BYTES),
    **_sizes("percent", _PERCENT),
    **_sizes("count", _COUNT),
}
_PERCENTS = (1.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 99.0, 100.0)
# 256 bytes to 16 GiB in steps of 4.
_SIZES = tuple(256.0 * 4.0**power for power in range(14))


class Conversion(NamedTuple):
    """A value in one unit, in another: `value * times / per`. One of the two is 1, so that 7 s are 7000 ms to the last digit."""

    times: float
    per: float


SAME = Conversion(1.0, 1.0)


def conversion(unit: str, into: str) -> Conversion | None:
    """From `unit` into the unit `into`; a unit that says nothing is any. None where the two do not measure the same.

    Of units that are not known here each is only itself.
    """
    given, wanted = unit.lower(), into.lower()
    if given == wanted or given in UNSTATED:
        return SAME
    measures, size = _KNOWN.get(given, (given, 1.0))
    measured, target = _KNOWN.get(wanted, (wanted, 1.0))
    if measures != measured:
        return None
    return _from(size, target)


def _from(size: float, target: float) -> Conversion:
    """From a unit of one size into one of another."""
    return Conversion(size / target, 1.0) if size >= target else Conversion(1.0, target / size)


def conversions() -> dict[str, tuple[Conversion, ...]]:
    """For each unit in lower case: how what is in any unit that measures the same is in it, one for each size."""
    return {
        unit: tuple(
            [_from(size, own) for size in sorted({size for other, size in _KNOWN.values() if other == measures})]
        )
        for unit, (measures, own) in _KNOWN.items()
    }


def bounds_by_unit() -> dict[str, tuple[float, ...]]:
    """For each unit in lower case: the bounds, in it, of all units that measure the same, as a metric may be shown in any."""
    bounds: dict[str, tuple[float, ...]] = {}
    for unit, (measures, own) in _KNOWN.items():
        others = {size: name for name, (other, size) in _KNOWN.items() if other == measures}
        both = [(bound, _from(size, own)) for size, name in others.items() for bound in buckets_for(name)]
        bounds[unit] = tuple(sorted({bound * times / per for bound, (times, per) in both}))
    return bounds


def buckets_for(unit: str) -> tuple[float, ...]:
    """Upper bounds in `unit`: TorchServe's default ones where the unit says nothing else (km, "")."""
    measures, size = _KNOWN.get(unit.lower(), ("", 1.0))
    if measures == "time" and size < _A_SECOND:
        return tuple(round(bound * (_A_SECOND / size), 6) for bound in DEFAULT_BUCKETS)
    if measures == "size" and size <= _KIBIBYTE:
        return tuple(bound / size for bound in _SIZES)
    return _PERCENTS if measures == "percent" else DEFAULT_BUCKETS
