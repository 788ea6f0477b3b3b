"""The root file system, against numbers set by hand and psutil."""

import os
from pathlib import Path

import psutil
import pytest

from servescope.metrics.collectors.disk import GIGABYTE, Disk, DiskCollector, parse_statvfs


def test_parse() -> None:
    """What is kept for root is neither used nor available."""
    # bsize, frsize, blocks, bfree, bavail, files, ffree, favail, flag, namemax
    answer = os.statvfs_result((8192, 4096, 1000, 400, 300, 0, 0, 0, 0, 255))
    assert parse_statvfs(answer) == Disk(used=600 * 4096, available=300 * 4096)


def test_this_host_as_psutil_sees_it(tmp_path: Path) -> None:
    """Same figures, in units of 1024³ bytes and percent."""
    values = {reading.family: reading.value for reading in DiskCollector("h", tmp_path).update()}
    theirs = psutil.disk_usage(str(tmp_path))
    assert values["DiskUsage"] == pytest.approx(theirs.used / GIGABYTE, rel=0.02)
    assert values["DiskAvailable"] == pytest.approx(theirs.free / GIGABYTE, rel=0.02)
    assert values["DiskUtilization"] == pytest.approx(theirs.percent, abs=1.0)


def test_a_root_that_is_not_there() -> None:
    """The sampler isolates this."""
    with pytest.raises(FileNotFoundError):
        DiskCollector("h", Path("/no/such/place")).update()
