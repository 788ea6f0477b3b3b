"""What the server's container may use and uses: memory and processor limits of its cgroup, versions 1 and 2.

In: the cgroup's files, which `paths` finds. Out: up to four readings; none where there is no cgroup or no such
controller, which is no failure. `CgroupCollector` is called by `sampler`, `cpu_limit_cores` once at a server's start.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from servescope.metrics.collectors.cgroups.paths import Mount, Place, find_place, parse_memberships, parse_mounts
from servescope.metrics.collectors.reading import Reading

# Version 1 writes "no limit" as the largest multiple of the page size below 2^63.
_NO_LIMIT = 2**62
_MICROSECONDS = 1e6
_NANOSECONDS = 1e9


class CgroupCollector:
    """The cgroup of this process. `proc` is the root of the proc file system, `root` that of the mounts it lists."""

    name = "cgroup"

    def __init__(self, hostname: str, proc: Path = Path("/proc"), root: Path = Path("/")) -> None:
        self._labels = (hostname,)
        self._proc = proc
        self._root = root
        self._mounts: tuple[Mount, ...] | None = None  # read once: on a host of many containers it is a long list

    def update(self) -> Iterable[Reading]:
        """The tightest limit of the cgroup and those above it; usage of its own. Raises ValueError where a file says
        something else than a number.
        """
        membership = _read(self._proc / "self/cgroup")
        if membership is None:
            return []
        if self._mounts is None:
            self._mounts = parse_mounts(_read(self._proc / "self/mountinfo") or "")
        memberships = parse_memberships(membership)
        memory = find_place("memory", self._mounts, memberships, self._root)
        cpu = find_place("cpu", self._mounts, memberships, self._root)
        figures = (*(_memory(memory) if memory else ()), *(_cpu(cpu) if cpu else ()))
        return [Reading(f"servescope_cgroup_{name}", self._labels, value) for name, value in figures]


def _memory(place: Place) -> Iterator[tuple[str, float]]:
    names = (
        ("memory.current", "memory.max") if place.version == 2 else ("memory.usage_in_bytes", "memory.limit_in_bytes")
    )
    usage_file, limit_file = names
    usage = _read(place.directories[0] / usage_file)
    if usage is not None:
        # Version 1 counts a cgroup's own pages and, as total_, those of the cgroups below as well; usage has both.
        key = "inactive_file" if place.version == 2 else "total_inactive_file"
        cache = parse_flat(_read(place.directories[0] / "memory.stat") or "").get(key, 0)
        yield "memory_bytes", max(0, int(usage) - cache)
    limits = [parse_memory_limit(text) for one in place.directories if (text := _read(one / limit_file)) is not None]
    given = [limit for limit in limits if limit is not None]
    if given:
        yield "memory_limit_bytes", min(given)


def cpu_limit_cores(proc: Path = Path("/proc"), root: Path = Path("/")) -> float | None:
    """The tightest processor quota of this process's cgroup and those above it, in cores; None where there is none.

    Arguments as `CgroupCollector`'s. Raises ValueError where a file says something else than a number.
    """
    membership = _read(proc / "self/cgroup")
    mounts = parse_mounts(_read(proc / "self/mountinfo") or "")
    place = find_place("cpu", mounts, parse_memberships(membership or ""), root)
    limit = _tightest(place) if place is not None else None
    return limit[0] if limit is not None else None


def _tightest(place: Place) -> tuple[float, Path] | None:
    """The least of the quotas, in cores, and whose it is."""
    limit_of: Callable[[Path], float | None] = _cores if place.version == 2 else _cores_v1
    limits = [(limit, one) for one in place.directories if (limit := limit_of(one)) is not None]
    return min(limits, key=lambda pair: pair[0], default=None)


def _cpu(place: Place) -> Iterator[tuple[str, float]]:
    limiting = place.directories[0]
    if (tightest := _tightest(place)) is not None:
        cores, limiting = tightest
        yield "cpu_limit_cores", cores
    key, unit = ("throttled_usec", _MICROSECONDS) if place.version == 2 else ("throttled_time", _NANOSECONDS)
    throttled = parse_flat(_read(limiting / "cpu.stat") or "").get(key)
    if throttled is not None:
        yield "cpu_throttled_seconds_total", throttled / unit


def _cores(directory: Path) -> float | None:
    text = _read(directory / "cpu.max")
    return None if text is None else parse_cpu_max(text)


def _cores_v1(directory: Path) -> float | None:
    quota, period = _read(directory / "cpu.cfs_quota_us"), _read(directory / "cpu.cfs_period_us")
    return None if quota is None or period is None else parse_quota(quota, period)


def parse_memory_limit(text: str) -> int | None:
    """Bytes; None for `max` and for version 1's number that stands for it. Raises ValueError for other texts."""
    if text.strip() == "max":
        return None
    limit = int(text)
    return limit if limit < _NO_LIMIT else None


def parse_cpu_max(text: str) -> float | None:
    """Version 2's `QUOTA PERIOD` in cores; None for `max`. Raises ValueError for other texts."""
    quota, _, period = text.strip().partition(" ")
    return None if quota == "max" else parse_quota(quota, period)


def parse_quota(quota: str, period: str) -> float | None:
    """Cores from microseconds in microseconds; None where the quota is -1, no limit. Raises ValueError for other
    texts and a period of 0.
    """
    share, whole = int(quota), int(period)
    if whole <= 0:
        raise ValueError(f"a period of {period!r} microseconds")
    return None if share < 0 else share / whole


def parse_flat(text: str) -> dict[str, int]:
    """Lines `key number`; others are left out."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def _read(path: Path) -> str | None:
    """The text, None where there is no such file: a controller may be off, a root cgroup has no limits."""
    try:
        return path.read_text()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
