"""The host's memory, against fixture files and psutil."""

from pathlib import Path

import psutil
import pytest

from servescope.metrics.collectors.memory import Memory, MemoryCollector, parse_meminfo

HERE = Path(__file__).parent


def test_figures() -> None:
    """Used is total less available; units of 1024² bytes."""
    readings = {reading.family: reading for reading in MemoryCollector("h", HERE / "proc").update()}
    values = {family: reading.value for family, reading in readings.items()}
    assert values == {"MemoryUsed": 4096.0, "MemoryAvailable": 12288.0, "MemoryUtilization": 25.0}
    assert {reading.labels for reading in readings.values()} == {("Host", "h")}


def test_a_kernel_without_memavailable() -> None:
    """Free, buffers and cache stand in."""
    gibibyte = 1024**3
    assert parse_meminfo((HERE / "proc_old/meminfo").read_text()) == Memory(16 * gibibyte, 4 * gibibyte)


@pytest.mark.parametrize("text", ["", "MemTotal: 0 kB\n", "MemTotal: x kB\nMemFree 5\n"])
def test_unusable(text: str) -> None:
    """A file without a total is an error, not a division by zero."""
    with pytest.raises(ValueError, match="MemTotal"):
        parse_meminfo(text)


def test_this_host_as_psutil_sees_it() -> None:
    """The issue asks for 2 %."""
    ours = parse_meminfo(Path("/proc/meminfo").read_text())
    theirs = psutil.virtual_memory()
    assert ours.total == theirs.total
    assert ours.available == pytest.approx(theirs.available, rel=0.02)
