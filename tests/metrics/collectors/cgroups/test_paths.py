"""Where a process's cgroups are: the lines of mountinfo and /proc/self/cgroup, and the directories that follow."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.metrics.collectors.cgroups.paths import Place, find_place, parse_memberships, parse_mounts

MOUNTINFO = r"""22 27 0:21 / /proc rw,relatime - proc proc rw
35 31 0:33 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
36 31 0:34 /docker/ab /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:10 master:2 - cgroup cgroup rw,cpu,cpuacct
41 31 0:38 / /with\040blank rw,relatime - cgroup2 cgroup2 rw,nsdelegate
42 31 0:39 / /sys/fs/cgroupish rw - tmpfs cgroup rw
"""


def test_mounts() -> None:
    """Both versions, with controllers and optional fields; escapes are undone; others are left out."""
    memory, cpu, unified = parse_mounts(MOUNTINFO)
    assert (memory.version, memory.point, memory.controllers) == (
        1, PurePosixPath("/sys/fs/cgroup/memory"), {"rw", "memory"},
    )  # fmt: skip
    assert (cpu.root, cpu.controllers) == (PurePosixPath("/docker/ab"), {"rw", "cpu", "cpuacct"})
    assert (unified.version, unified.point, unified.controllers) == (2, PurePosixPath("/with blank"), set())


def test_memberships() -> None:
    """By controller; version 2's is under no name; a colon in a path is a part of it."""
    text = "9:name=systemd:/\n4:memory:/a/b\n2:cpu,cpuacct:/c:d\n0::/e\n"
    paths = {name: str(path) for name, path in parse_memberships(text).items()}
    assert paths == {"name=systemd": "/", "memory": "/a/b", "cpu": "/c:d", "cpuacct": "/c:d", "": "/e"}


@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    """Nothing that stands in these files is an error."""
    parse_mounts(text + " - cgroup cgroup rw,memory\n")
    assert all(path.is_absolute() for path in parse_memberships(text).values())


@given(st.lists(st.sampled_from(["..", "a", "b.slice", "c:d"]), max_size=6))
def test_never_above_the_mount(parts: list[str]) -> None:
    """Whatever path the kernel names, only files below the mount are read."""
    mounts = parse_mounts("41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
    memberships = parse_memberships(f"0::/{'/'.join(parts)}\n")
    place = find_place("memory", mounts, memberships, Path("/no/such/root"))
    assert place == Place(2, (Path("/no/such/root/sys/fs/cgroup"),))


def test_own_and_above(tmp_path: Path) -> None:
    """As far up as the mount shows."""
    (tmp_path / "sys/fs/cgroup/pods/pod1/box").mkdir(parents=True)
    mounts = parse_mounts("41 31 0:38 /kube /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
    place = find_place("cpu", mounts, parse_memberships("0::/kube/pods/pod1/box\n"), tmp_path)
    top = tmp_path / "sys/fs/cgroup"
    assert place == Place(2, (top / "pods/pod1/box", top / "pods/pod1", top / "pods", top))


@pytest.mark.parametrize("path", ["/docker/abc", "/other", "/docker/abc/gone"])
def test_a_path_of_the_host(tmp_path: Path, path: str) -> None:
    """In a container the path may be one that only the host has: the container's cgroup is what is mounted."""
    mounts = parse_mounts("41 31 0:38 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
    place = find_place("cpu", mounts, parse_memberships(f"0::{path}\n"), tmp_path)
    assert place == Place(2, (tmp_path / "sys/fs/cgroup",))


def test_mounted_twice(tmp_path: Path) -> None:
    """The mount that shows the process's own cgroup is taken, not the first."""
    (tmp_path / "b/mine").mkdir(parents=True)
    mounts = parse_mounts("1 1 0:1 /else /a rw - cgroup2 cgroup2 rw\n2 1 0:1 / /b rw - cgroup2 cgroup2 rw\n")
    place = find_place("cpu", mounts, parse_memberships("0::/mine\n"), tmp_path)
    assert place == Place(2, (tmp_path / "b/mine", tmp_path / "b"))


def test_no_such_controller() -> None:
    """Neither mounted nor named."""
    mounts = parse_mounts("1 1 0:1 / /a rw - cgroup cgroup rw,memory\n")
    memberships = parse_memberships("4:memory:/\n")
    assert find_place("cpu", mounts, memberships, Path("/")) is None
    assert find_place("memory", (), memberships, Path("/")) is None
