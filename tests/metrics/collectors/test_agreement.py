"""Live readings against /proc and statvfs, read here by other means: within 2 %."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from servescope.metrics.collectors.host import host_collectors
from servescope.metrics.collectors.sampler import Sampler
from servescope.metrics.registry import Registry

TICKS = 300  # of all processors; the kernel brings an idle one's up to date late, by a tick or two


def reader(sampler: Sampler, registry: Registry) -> Callable[..., float]:
    """Takes a sample; answers with one family's value."""

    def read(family: str) -> float:
        sampler.sample_once()
        return registry.gauge(family).series["Host", "h"].value

    return read


@pytest.fixture
def read() -> Callable[..., float]:
    registry = Registry()
    return reader(Sampler(host_collectors("h", ["cpu", "memory", "disk"]), 5.0, registry), registry)


def processor_ticks() -> tuple[int, int]:
    """Not idle, and all, of the processors together, from their own lines: the kernel's total is not used."""
    lines = [line.split() for line in Path("/proc/stat").read_text().splitlines() if line.startswith("cpu")]
    rows = [[int(field) for field in fields[1:9]] for fields in lines if fields[0] != "cpu"]
    return sum(sum(row) - row[3] - row[4] for row in rows), sum(map(sum, rows))


def test_processor(read: Callable[..., float]) -> None:
    """The share over a time in which this test keeps a processor busy; each edge of it is bracketed by two looks."""
    before_first = processor_ticks()
    read("CPUUtilization")
    after_first = processor_ticks()
    while processor_ticks()[1] < after_first[1] + TICKS:
        pass
    before_last = processor_ticks()
    percent = read("CPUUtilization")
    after_last = processor_ticks()
    least = (before_last[0] - after_first[0]) / (after_last[1] - before_first[1])
    most = (after_last[0] - before_first[0]) / (before_last[1] - after_first[1])
    assert 100 * least - 2 <= percent <= 100 * most + 2


def test_memory(read: Callable[..., float]) -> None:
    """Total less available, in units of 1024² bytes; together they are what the machine has."""
    mebibytes = {
        line.split(":")[0]: int(line.split()[1]) / 1024 for line in Path("/proc/meminfo").read_text().splitlines()
    }
    total, available = mebibytes["MemTotal"], mebibytes["MemAvailable"]
    assert read("MemoryAvailable") == pytest.approx(available, rel=0.02)
    assert read("MemoryUsed") == pytest.approx(total - available, rel=0.02)
    assert read("MemoryUtilization") == pytest.approx(100 * (total - available) / total, rel=0.02)
    assert read("MemoryUsed") + read("MemoryAvailable") == pytest.approx(total, rel=0.02)


def test_disk(read: Callable[..., float]) -> None:
    """Of the root file system, in units of 1024³ bytes."""
    disk = os.statvfs("/")
    used, available = (disk.f_blocks - disk.f_bfree) * disk.f_frsize, disk.f_bavail * disk.f_frsize
    assert read("DiskUsage") == pytest.approx(used / 1024**3, rel=0.02)
    assert read("DiskAvailable") == pytest.approx(available / 1024**3, rel=0.02)
    assert read("DiskUtilization") == pytest.approx(100 * used / (used + available), rel=0.02)
