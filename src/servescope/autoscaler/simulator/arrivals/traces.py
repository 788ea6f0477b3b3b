"""Arrivals that were recorded: in, a file; out, arrivals since its beginning.

Called by the command and the benchmark. Three forms are told apart by the first line: CSV with a column `arrival_s` (one row a
request, other columns are left alone), CSV `minute,requests` (counts), and JSON lines with `timestamp` in milliseconds. The first
request or minute is the beginning. What cannot be used is named by file and line.
"""

import csv
import json
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from servescope.autoscaler.simulator.arrivals.arrivals import MOST, Arrivals
from servescope.autoscaler.simulator.arrivals.clusters import SECONDS, measured_burstiness, spread
from servescope.errors import ConfigurationError

_LONGEST_S = 7 * 24 * 3600.0
_LARGEST_BYTES = 256 * 1024 * 1024
_LONGEST_LINE = 100_000
_FORMS = "arrival_s, minute,requests, or JSON lines with timestamp"


@dataclass(frozen=True)
class _Line:
    """A line of a trace; `wrong` says where and what."""

    file: Path
    number: int

    def wrong(self, text: str) -> ConfigurationError:
        return ConfigurationError(f"--trace {self.file}, line {self.number}: {text}")


def read_trace(file: Path, seed: int, burstiness: float | None = None) -> Arrivals:
    """The arrivals in a file. `burstiness`: of counts a minute within the minute; None: as bursty as the minutes are.

    Raises:
        ConfigurationError: the file cannot be read, is empty, too large, out of order or malformed, or has no counts that
            a burstiness could be for; file, line and value are named.
    """
    lines = _lines(file)
    first = next(lines, None)
    if first is None:
        raise ConfigurationError(f"--trace {file}: it is empty")
    columns = next(csv.reader([first[1]]), [])
    names = [name.strip() for name in columns]
    if names == ["minute", "requests"]:
        return _of_counts(_counts(lines), seed, burstiness, file)
    if burstiness is not None:
        raise ConfigurationError(
            f"--burstiness {burstiness:g}: {file} has every arrival, and no counts a minute to spread"
        )
    if "arrival_s" in names:
        if names.count("arrival_s") > 1:
            raise first[0].wrong(f"{_short(first[1])} has more than one column arrival_s")
        return _of_moments(_rows(lines, names), file)
    if first[1].startswith("{"):
        return _of_moments(_objects(_chain(first, lines)), file)
    raise first[0].wrong(f"{_short(first[1])} is no header of a trace: {_FORMS}")


def _chain(first: tuple[_Line, str], rest: Iterable[tuple[_Line, str]]) -> Iterator[tuple[_Line, str]]:
    yield first
    yield from rest


def _lines(file: Path) -> Iterator[tuple[_Line, str]]:
    """Those that are not blank."""
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise ConfigurationError(f"--trace {file}: it has more than {_LARGEST_BYTES // 2**20} MiB")
        with file.open(encoding="utf-8-sig", newline="") as opened:
            number = 0
            while text := opened.readline(_LONGEST_LINE + 1):
                number += 1
                if len(text) > _LONGEST_LINE:
                    raise _Line(file, number).wrong(f"it has more than {_LONGEST_LINE:,} characters")
                if "\0" in text:
                    raise _Line(file, number).wrong("it is no text")
                if text.strip():
                    yield _Line(file, number), text.strip()
    except OSError as error:
        raise ConfigurationError(f"--trace {file}: it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"--trace {file}: it is not UTF-8: {error.reason}") from error


def _fields(line: _Line, text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except (csv.Error, StopIteration) as error:
        raise line.wrong(f"{_short(text)} is no row of a CSV file") from error


def _rows(lines: Iterable[tuple[_Line, str]], names: Sequence[str]) -> Iterator[tuple[_Line, float]]:
    column = names.index("arrival_s")
    for line, text in lines:
        fields = _fields(line, text)
        if len(fields) != len(names):
            raise line.wrong(f"{_short(text)} has {len(fields)} columns, and the header {len(names)}")
        yield line, _number(line, "arrival_s", fields[column])


def _objects(lines: Iterable[tuple[_Line, str]]) -> Iterator[tuple[_Line, float]]:
    for line, text in lines:
        try:
            read = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise line.wrong(f"{_short(text)} is not JSON") from error
        if not isinstance(read, dict) or "timestamp" not in read:
            raise line.wrong(f"{_short(text)} has no timestamp")
        found = read["timestamp"]
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise line.wrong(f"timestamp {_short(json.dumps(found))} is no number of milliseconds")
        yield line, _number(line, "timestamp", found) / 1000.0


def _number(line: _Line, name: str, text: str | float) -> float:
    try:
        number = float(text)
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise line.wrong(f"{name} {_short(str(text))} is no number of at least 0")
    return number


def _of_moments(rows: Iterable[tuple[_Line, float]], file: Path) -> Arrivals:
    at: list[float] = []
    first = last = 0.0
    for line, moment in rows:
        if not at:
            first = last = moment
        if moment < last:
            raise line.wrong(f"{moment:.15g} comes after {last:.15g}: the arrivals are not in order")
        if moment - first > _LONGEST_S:
            raise line.wrong(f"it is more than {_LONGEST_S / 86400:g} days after the first")
        if len(at) == MOST:
            raise line.wrong(f"at most {MOST:,} requests can be simulated")
        at.append(moment - first)
        last = moment
    if not at:
        raise ConfigurationError(f"--trace {file}: it has no requests")
    return Arrivals(at, _whole_minutes(at[-1]))


def _whole_minutes(seconds: float) -> float:
    """The minute is over when the last request has come."""
    return (math.floor(seconds / SECONDS) + 1) * float(SECONDS)


def _counts(lines: Iterable[tuple[_Line, str]]) -> list[int]:
    """A count for every minute from the first; minutes that are left out had none."""
    counts: list[int] = []
    first = last = -1
    total = 0
    for line, text in lines:
        fields = _fields(line, text)
        if len(fields) != 2:
            raise line.wrong(f"{_short(text)} is not minute,requests")
        minute, count = (_whole(line, name, field) for name, field in zip(("minute", "requests"), fields, strict=True))
        first = minute if not counts else first
        if minute <= last:
            raise line.wrong(f"minute {minute} comes after {last}: the minutes are not in order")
        if (minute - first) * SECONDS >= _LONGEST_S:
            raise line.wrong(f"minute {minute} is more than {_LONGEST_S / 86400:g} days after the first")
        total += count
        if total > MOST:
            raise line.wrong(f"{total:,} requests so far, and at most {MOST:,} can be simulated")
        counts += [0] * (minute - first - len(counts))
        counts.append(count)
        last = minute
    return counts


def _whole(line: _Line, name: str, text: str) -> int:
    stripped = text.strip()
    if not (stripped.isascii() and stripped.isdigit() and len(stripped) <= 15):
        raise line.wrong(f"{name} {_short(text)} is no whole number of at least 0")
    return int(stripped)


def _of_counts(counts: list[int], seed: int, burstiness: float | None, file: Path) -> Arrivals:
    if not sum(counts):
        raise ConfigurationError(f"--trace {file}: it has no requests")
    degree = measured_burstiness(counts) if burstiness is None else burstiness
    return Arrivals(spread(counts, degree, random.Random(seed)), len(counts) * float(SECONDS))


def _short(text: str) -> str:
    """For an error's text."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
