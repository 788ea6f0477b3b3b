"""The cgroup collector on trees of both versions, and on this machine."""

from pathlib import Path

import pytest

from servescope.metrics.collectors.cgroups.cgroup import CgroupCollector, parse_cpu_max, parse_memory_limit, parse_quota

USED, LIMIT, CORES, THROTTLED = (
    "servescope_cgroup_memory_bytes",
    "servescope_cgroup_memory_limit_bytes",
    "servescope_cgroup_cpu_limit_cores",
    "servescope_cgroup_cpu_throttled_seconds_total",
)
V2_MOUNT = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V1_MOUNTS = (
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
)
UNLIMITED_V1 = "9223372036854771712\n"
CPU_STAT = "usage_usec 9000000\nnr_periods 10\nnr_throttled 2\nthrottled_usec 1500000\n"
CPU_STAT_V1 = "nr_periods 10\nnr_throttled 2\nthrottled_time 1500000000\n"
MEMORY_STAT = "anon 500\nfile 400\ninactive_file 300\nactive_file 100\n"
MEMORY_STAT_V1 = "cache 1\ninactive_file 1\ntotal_inactive_file 300\n"


def v2(folder: str, memory: str = "max\n", cpu: str = "max 100000\n") -> dict[str, str]:
    """A cgroup of version 2 that uses 1000 bytes."""
    files = {"memory.current": "1000\n", "memory.max": memory, "memory.stat": MEMORY_STAT, "cpu.max": cpu}
    return {f"{folder}/{name}": text for name, text in (files | {"cpu.stat": CPU_STAT}).items()}


def v1(below: str, memory: str = UNLIMITED_V1, quota: str = "-1\n") -> dict[str, str]:
    """The same of version 1."""
    cpu, ram = f"sys/fs/cgroup/cpu,cpuacct{below}", f"sys/fs/cgroup/memory{below}"
    return {
        f"{ram}/memory.usage_in_bytes": "1000\n",
        f"{ram}/memory.limit_in_bytes": memory,
        f"{ram}/memory.stat": MEMORY_STAT_V1,
        f"{cpu}/cpu.cfs_quota_us": quota,
        f"{cpu}/cpu.cfs_period_us": "100000\n",
        f"{cpu}/cpu.stat": CPU_STAT_V1,
    }


def read(root: Path, files: dict[str, str], cgroup: str = "", mountinfo: str = "") -> dict[str, float]:
    """What the collector reads of such a machine."""
    if cgroup:
        files = files | {"proc/self/cgroup": cgroup, "proc/self/mountinfo": mountinfo}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    readings = list(CgroupCollector("host", root / "proc", root).update())
    assert all(reading.labels == ("host",) for reading in readings)
    return {reading.family: reading.value for reading in readings}


def test_v2_with_limits(tmp_path: Path) -> None:
    """The page cache that nobody used lately is not counted; cores are quota / period."""
    files = v2("sys/fs/cgroup/app", "4096\n", "150000 100000\n")
    assert read(tmp_path, files, "0::/app\n", V2_MOUNT) == {USED: 700, LIMIT: 4096, CORES: 1.5, THROTTLED: 1.5}


def test_v2_without_limits(tmp_path: Path) -> None:
    """No limit is no number."""
    assert read(tmp_path, v2("sys/fs/cgroup/app"), "0::/app\n", V2_MOUNT) == {USED: 700, THROTTLED: 1.5}


def test_v2_nested(tmp_path: Path) -> None:
    """A limit further up binds as well, the tightest of all; where that throttles is where throttling is counted."""
    files = v2("sys/fs/cgroup/pod", "2048\n", "50000 100000\n") | v2(
        "sys/fs/cgroup/pod/app", "4096\n", "200000 100000\n"
    )
    files["sys/fs/cgroup/pod/cpu.stat"] = "throttled_usec 250000\n"
    assert read(tmp_path, files, "0::/pod/app\n", V2_MOUNT) == {USED: 700, LIMIT: 2048, CORES: 0.5, THROTTLED: 0.25}


def test_v2_in_a_container(tmp_path: Path) -> None:
    """The container's own cgroup is `/` to it, and has limits, which a machine's root has not."""
    files = v2("sys/fs/cgroup", "4096\n", "400000 100000\n")
    assert read(tmp_path, files, "0::/\n", V2_MOUNT) == {USED: 700, LIMIT: 4096, CORES: 4.0, THROTTLED: 1.5}


def test_v2_root(tmp_path: Path) -> None:
    """The root of a machine has no such files: nothing to say."""
    files = {"sys/fs/cgroup/cpu.stat": "usage_usec 6793861781\n"}
    assert read(tmp_path, files, "0::/\n", V2_MOUNT) == {}


def test_hybrid(tmp_path: Path) -> None:
    """Version 2 is mounted, but the controllers are on version 1."""
    mounts = V1_MOUNTS + V2_MOUNT.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
    files = v1("/app", "4096\n", "150000\n") | {"sys/fs/cgroup/unified/app/cpu.stat": CPU_STAT}
    cgroup = "4:memory:/app\n2:cpu,cpuacct:/app\n1:name=systemd:/app\n0::/app\n"
    assert read(tmp_path, files, cgroup, mounts) == {USED: 700, LIMIT: 4096, CORES: 1.5, THROTTLED: 1.5}


def test_v1_with_limits(tmp_path: Path) -> None:
    """In a container whose path is the host's."""
    mounts = V1_MOUNTS.replace("0:29 /", "0:29 /docker/ab").replace("0:32 /", "0:32 /docker/ab")
    cgroup = "4:memory:/docker/ab\n2:cpu,cpuacct:/docker/ab\n"
    expected = {USED: 700, LIMIT: 4096, CORES: 0.5, THROTTLED: 1.5}
    assert read(tmp_path, v1("", "4096\n", "50000\n"), cgroup, mounts) == expected


def test_v1_without_limits(tmp_path: Path) -> None:
    """Its number for no limit is none; its quota is -1."""
    assert read(tmp_path, v1("/app"), "4:memory:/app\n2:cpu,cpuacct:/app\n", V1_MOUNTS) == {USED: 700, THROTTLED: 1.5}


@pytest.mark.parametrize("cgroup", ["", "\n", "0::/app\n"])
def test_no_cgroup(tmp_path: Path, cgroup: str) -> None:
    """A kernel without, or nothing mounted: no readings, which is no failure."""
    (tmp_path / "proc/self").mkdir(parents=True)
    assert read(tmp_path, {}, cgroup, "22 27 0:21 / /proc rw - proc proc rw\n") == {}


def test_a_controller_that_comes(tmp_path: Path) -> None:
    """Files and memberships are read anew each time."""
    assert read(tmp_path, {}, "0::/\n", V2_MOUNT) == {}
    assert read(tmp_path, v2("sys/fs/cgroup/app", "4096\n"), "0::/app\n", V2_MOUNT)[LIMIT] == 4096


def test_usage_below_the_cache(tmp_path: Path) -> None:
    """The two are not read at one instant; memory is never negative."""
    files = v2("sys/fs/cgroup") | {"sys/fs/cgroup/memory.current": "200\n"}
    assert read(tmp_path, files, "0::/\n", V2_MOUNT)[USED] == 0


@pytest.mark.parametrize("text", ["", "many", "1 x", "1 0", "max"])
def test_unusable(text: str) -> None:
    """An error, which fails the collector visibly, and not a figure."""
    with pytest.raises(ValueError, match=r"."):
        parse_quota(text, "100000") if text in ("", "many", "max") else parse_cpu_max(text)
    with pytest.raises(ValueError, match=r"."):
        parse_memory_limit("many")


def test_this_machine() -> None:
    """Whatever it has, it is readable, and the server's cgroup uses no more than it may."""
    values = {reading.family: reading.value for reading in CgroupCollector("host").update()}
    assert values.get(USED, 0) <= values.get(LIMIT, 2**62)
    assert all(value >= 0 for value in values.values())
