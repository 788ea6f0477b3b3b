"""What a history says: in, hours; out, an `Outlook`. Pure; called by `cli.planning.history.prometheus`."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from servescope.errors import ConfigurationError
from servescope.planner.history.hours import HOUR_S, Hour, correlation
from servescope.planner.history.trend import DAY_S, LEAST_DAYS, fit_trend

# From this share of an hour's time on, what is used counts as full: the busiest minutes of the hour have more.
FULL = 0.8
_BUSIEST = 5
_RESOURCES = {"worker": "busy_share", "processor": "cpu_share", "GPU": "gpu_share"}


@dataclass(frozen=True)
class Outlook:
    """`busiest`: the ends of the busiest hours, with their rates. `correlations`: of the rate with what is used, and the
    queue's wait.

    `ceiling`: requests a second at which `limit` is full. `meets`, `meets_interval`: when an hour first has them, in Unix
    seconds; None: not in two years. `workers_now`, `workers_needed`: of all servers, for the busiest hour. `missing_hours`: gaps.
    """

    model: str
    hours: int
    missing_hours: int
    busiest: tuple[tuple[int, float], ...]
    correlations: dict[str, float | None]
    limit: str | None
    ceiling: float | None
    growth_per_day: float | None
    meets: int | None
    meets_interval: tuple[int | None, int | None]
    workers_now: float | None
    workers_needed: int | None
    remarks: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The same, of plain values."""
        return asdict(self)


def look_ahead(model: str, hours: Sequence[Hour]) -> Outlook:
    """Raises ConfigurationError where there is no hour with a request."""
    if not any(one.rate > 0 for one in hours):
        raise ConfigurationError(f"--model {model!r}: Prometheus has no hour in which it was asked for anything")
    limit, ceiling = _ceiling(hours)
    trend = fit_trend(hours)
    meets = trend.meets(ceiling) if trend is not None and ceiling is not None else (None, None, None)
    now, needed = _right_size(hours)
    busiest = sorted(hours, key=lambda one: -one.rate)[:_BUSIEST]
    return Outlook(
        model,
        len(hours),
        _missing(hours),
        tuple((one.at_s, one.rate) for one in busiest),
        {name: _correlated(hours, what) for name, what in {**_RESOURCES, "queue": "queue_s"}.items()},
        limit,
        ceiling,
        None if trend is None else trend.growth,
        meets[0],
        meets[1:],
        now,
        needed,
        tuple(_remarks(hours)),
    )


def _missing(hours: Sequence[Hour]) -> int:
    return (hours[-1].at_s - hours[0].at_s) // HOUR_S + 1 - len(hours)


def _remarks(hours: Sequence[Hour]) -> list[str]:
    """What the history does not tell."""
    days, missing = (hours[-1].at_s - hours[0].at_s) / DAY_S, _missing(hours)
    found = [f"{missing} hours are missing: they are left out, not counted as idle"] if missing else []
    if days < LEAST_DAYS - 1:
        found.append(f"a trend takes {LEAST_DAYS} days at least: {days:.1f} are there")
    elif days < 13:
        found.append("less than two weeks: the shape of the week is not known, that of the day is")
    return found


def _correlated(hours: Sequence[Hour], what: str) -> float | None:
    return correlation([(one.rate, value) for one in hours if (value := getattr(one, what)) is not None])


def _ceiling(hours: Sequence[Hour]) -> tuple[str | None, float | None]:
    """What is full first as the rate grows, and the rate at which it is: by the slope of its use, through what it uses idle."""
    found = {}
    last = [one for one in hours if one.workers is not None][-24:]
    now = math.fsum(one.workers or 0 for one in last) / len(last) if last else None
    for name, what in _RESOURCES.items():
        rows = [(one, value) for one in hours if (value := getattr(one, what)) is not None]
        if name == "worker":  # each hour had workers of its own; what is asked is when those of today are full
            rows = [(one, value * (one.workers or 0) / now) for one, value in rows if now]
        rate = _full_at([(one.rate, value) for one, value in rows])
        if rate is not None:
            found[name] = rate
    limit = min(found, key=lambda name: found[name], default=None)
    return limit, None if limit is None else found[limit]


def _full_at(pairs: Sequence[tuple[float, float]]) -> float | None:
    if len(pairs) < 3:
        return None
    mx, my = (math.fsum(column) / len(pairs) for column in zip(*pairs, strict=True))
    sxx = math.fsum((x - mx) ** 2 for x, _ in pairs)
    slope = math.fsum((x - mx) * (y - my) for x, y in pairs) / sxx if sxx else 0.0
    idle = max(0.0, my - slope * mx)
    if sxx and idle == 0.0:
        slope = math.fsum(x * y for x, y in pairs) / math.fsum(x * x for x, _ in pairs)
    return (FULL - idle) / slope if slope > 0 and idle < FULL else None


def _right_size(hours: Sequence[Hour]) -> tuple[float | None, int | None]:
    """Workers in the last hour, and those that the busiest one would have wanted."""
    known = [one for one in hours if one.workers is not None and one.busy_share is not None]
    if not known:
        return None, None
    most = max((one.busy_share or 0.0) * (one.workers or 0.0) for one in known)
    return known[-1].workers, max(1, math.ceil(most / FULL - 1e-9))
