"""Hours of a model: in, what Prometheus says of each; out, `Hour`s in order. Pure; made by `cli.planning.history.prometheus`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HOUR_S = 3600


@dataclass(frozen=True)
class Hour:
    """`at_s`: its end, in Unix seconds. `rate`: requests a second. The others are None where they are not known: `workers`, how
    many could work; shares from 0 to 1; `queue_s`, the mean wait; `took_s`, the percentile that a plan is checked by.
    """

    at_s: int
    rate: float
    workers: float | None = None
    busy_share: float | None = None
    cpu_share: float | None = None
    gpu_share: float | None = None
    queue_s: float | None = None
    took_s: float | None = None


def hours_of(series: Mapping[str, Mapping[int, float]]) -> list[Hour]:
    """`series`: by the names of `Hour`'s fields, values by the end of the hour; `busy_s` a second instead of `busy_share`.

    An hour without a rate is a gap, and left out; what is not a number is not known.
    """

    def known(name: str, at: int) -> float | None:
        value = series.get(name, {}).get(at, math.nan)
        return value if math.isfinite(value) else None

    found = []
    for at in sorted(series.get("rate", {})):
        rate, workers, busy = known("rate", at), known("workers", at), known("busy_s", at)
        if rate is None:
            continue
        share = busy / workers if busy is not None and workers else None
        rest = (known(name, at) for name in ("cpu_share", "gpu_share", "queue_s", "took_s"))
        found.append(Hour(at, rate, workers, share, *rest))
    return found


def correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Pearson's; None where one of the two does not vary."""
    if len(pairs) < 3:
        return None
    mx, my = (math.fsum(column) / len(pairs) for column in zip(*pairs, strict=True))
    sxy = math.fsum((x - mx) * (y - my) for x, y in pairs)
    sxx, syy = math.fsum((x - mx) ** 2 for x, _ in pairs), math.fsum((y - my) ** 2 for _, y in pairs)
    return sxy / math.sqrt(sxx * syy) if sxx > 0 and syy > 0 else None
