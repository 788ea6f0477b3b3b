"""Service times as they were measured: in, a file with a histogram; out, quantiles.

Called by `services`. The file is CSV with the header `le,count` (upper bounds in seconds, ascending, and how many
requests were in that bucket), or a page of /metrics. Of a page it is the time that workers took, over all models: the stage
`inference` of `servescope_request_stage_seconds` where handlers tell their stages apart, else `handler`, else
`servescope_request_duration_seconds`, which includes the wait. Within a bucket all times are equally likely.
"""

import csv
import math
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from servescope.errors import ConfigurationError

_LARGEST_BYTES = 64 * 1024 * 1024
_LONGEST_S = 3600.0
_SAMPLE = re.compile(r"(?P<name>[A-Za-z_:]\w*)_bucket\{(?P<labels>.*)\}\s+(?P<value>\S+)")
_LE = re.compile(r'(?:^|,)\s*le="(?P<le>[^"]*)"')
_HEADER = ["le", "count"]
# Which histogram of a page it is: the first of these that has requests.
_FAMILIES = (
    ("servescope_request_stage_seconds", 'stage="inference"'),
    ("servescope_request_stage_seconds", 'stage="handler"'),
    ("servescope_request_duration_seconds", ""),
)


@dataclass(frozen=True)
class Histogram:
    """`bounds`: upper ones, in seconds, ascending; `until`: how many requests took no longer than each."""

    bounds: Sequence[float]
    until: Sequence[float]

    def quantile(self, share: float) -> float:
        """The seconds that this share of the requests did not exceed; at least a microsecond, for no request takes nothing."""
        rank = share * self.until[-1]
        place = min(bisect_left(self.until, rank), len(self.until) - 1)
        low = self.bounds[place - 1] if place else 0.0
        before = self.until[place - 1] if place else 0.0
        inside = self.until[place] - before
        part = (rank - before) / inside if inside > 0 else 1.0
        return max(1e-6, low + (self.bounds[place] - low) * part)


def read_histogram(file: Path) -> Histogram:
    """Raises ConfigurationError, which names the file and the line: it cannot be read, or has no histogram that can be used."""
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise _wrong(file, f"it has more than {_LARGEST_BYTES // 2**20} MiB")
        lines = file.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise _wrong(file, f"it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _wrong(file, "it is not UTF-8") from error
    first = next((line for line in lines if line.strip()), "")
    if [name.strip() for name in first.split(",")] == _HEADER:
        return _histogram(file, _table(file, lines))
    for name, label in _FAMILIES:
        buckets = _page(file, lines, name, label)
        if any(count for _, count in buckets):
            return _histogram(file, buckets)
    families = " or ".join(dict.fromkeys(name for name, _ in _FAMILIES))
    raise _wrong(file, f"it has no header le,count, and is no page of /metrics with requests in {families}")


def _wrong(file: Path, text: str, line: int | None = None) -> ConfigurationError:
    where = f"{file}" if line is None else f"{file}, line {line}"
    return ConfigurationError(f"--service-time histogram:{where}: {text}")


def _table(file: Path, lines: Iterable[str]) -> list[tuple[float, float]]:
    """Bounds, and how many requests each bucket has."""
    rows: list[tuple[float, float]] = []
    header = True
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        if header:
            header = False
            continue
        fields = next(csv.reader([text]), [])
        if len(fields) != 2:
            raise _wrong(file, f"{text!r} is not le,count", number)
        bound, count = (_number(file, number, field) for field in fields)
        if rows and bound <= rows[-1][0]:
            raise _wrong(file, f"the bound {fields[0]!r} is not above the one before", number)
        rows.append((bound, count))
    return rows


def _page(file: Path, lines: Iterable[str], name: str, label: str) -> list[tuple[float, float]]:
    """The same, of all series of the family that have the label."""
    until: dict[float, float] = defaultdict(float)
    for number, text in enumerate(lines, 1):
        found = _SAMPLE.match(text)
        if found is None or found["name"] != name or label not in found["labels"]:
            continue
        bound = _LE.search(found["labels"])
        if bound is None:
            raise _wrong(file, "the bucket has no label le", number)
        until[_number(file, number, bound["le"])] += _number(file, number, found["value"])
    ordered = sorted(until.items())
    before = [0.0, *(count for _, count in ordered)]
    return [(bound, count - less) for (bound, count), less in zip(ordered, before, strict=False)]


def _number(file: Path, line: int, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isnan(number) or number < 0:
        raise _wrong(file, f"{text!r} is no number of at least 0", line)
    return number


def _histogram(file: Path, buckets: Sequence[tuple[float, float]]) -> Histogram:
    if any(count < 0 or math.isinf(count) for _, count in buckets):
        raise _wrong(file, "its buckets do not add up")
    finite = [(bound, count) for bound, count in buckets if math.isfinite(bound)]
    # What is above the last bound is taken to be at it: nothing is known of how far above.
    beyond = sum(count for bound, count in buckets if math.isinf(bound))
    if not finite or sum(count for _, count in finite) + beyond <= 0:
        raise _wrong(file, "it has no requests")
    if finite[-1][0] > _LONGEST_S:
        raise _wrong(file, f"a bound of {finite[-1][0]:g} s is above {_LONGEST_S:g} s")
    finite[-1] = (finite[-1][0], finite[-1][1] + beyond)
    return Histogram([bound for bound, _ in finite], list(accumulate(count for _, count in finite)))
