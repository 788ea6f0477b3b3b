"""The root file system, against numbers set by hand and psutil."""

import os
from pathlib import Path

import psutil
import pytest

from servescope.metrics.collectors.disks.disk import GIGABYTE, DiskCollector
from servescope.metrics.collectors.disks.mounts import mount_of
from servescope.metrics.collectors.disks.space import DiskSpace, parse_statvfs
from servescope.metrics.collectors.reading import PartlyFailed


def test_parse() -> None:
    """What is kept for root is neither used nor available."""
    # bsize, frsize, blocks, bfree, bavail, files, ffree, favail, flag, namemax
    answer = os.statvfs_result((8192, 4096, 1000, 400, 300, 0, 0, 0, 0, 255))
    assert parse_statvfs(answer) == DiskSpace(used=600 * 4096, available=300 * 4096)


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


def mounts(readings):
    """Values by family and labels, of the file systems that the server writes to."""
    return {(one.family, *one.labels): one.value for one in readings if one.family.startswith("servescope_disk_")}


def test_one_series_a_file_system(tmp_path: Path) -> None:
    """Directories on one file system share a series, those that are not there yet go by their parent; another is by itself."""
    directories = {"model_store": tmp_path / "store", "logs": tmp_path, "temporary": Path("/dev/shm")}
    found = mounts(DiskCollector("h", tmp_path, directories).update())
    here = str(mount_of(tmp_path))
    assert os.path.ismount(here)
    assert set(found) == {
        (f"servescope_disk_{what}_bytes", *labels)
        for what in ("used", "available")
        for labels in ((here, "model_store,logs"), ("/dev/shm", "temporary"))
    }
    theirs = psutil.disk_usage("/dev/shm")
    assert found["servescope_disk_used_bytes", "/dev/shm", "temporary"] == pytest.approx(
        theirs.used, rel=0.1, abs=2**20
    )
    assert found["servescope_disk_available_bytes", "/dev/shm", "temporary"] == pytest.approx(theirs.free, rel=0.1)


def test_a_directory_that_cannot_be_looked_at(tmp_path: Path) -> None:
    """It is named, and the others are read."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(PartlyFailed, match=r"logs .*loop") as raised:
        DiskCollector("h", tmp_path, {"logs": loop, "temporary": tmp_path}).update()
    assert {labels[2] for labels in mounts(raised.value.readings)} == {"temporary"}
