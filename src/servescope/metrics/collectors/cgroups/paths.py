"""Where the files of this process's cgroups are: in, /proc/self/cgroup and /proc/self/mountinfo; out, directories.

Called by `cgroup`. The controllers may be on the one hierarchy of version 2, on those of version 1, or some on each.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from msgspec import Struct

_OCTAL = re.compile(r"\\([0-7]{3})")


class Mount(Struct, frozen=True):
    """A mounted hierarchy: what part of it (`root`) is seen where (`point`). `controllers` are version 1's; version 2
    has them all, or those that version 1 left.
    """

    root: PurePosixPath
    point: PurePosixPath
    version: int
    controllers: frozenset[str]


class Place(Struct, frozen=True):
    """A controller's files: the process's own cgroup first, then those above it as far up as they are mounted."""

    version: int
    directories: tuple[Path, ...]


def parse_mounts(text: str) -> tuple[Mount, ...]:
    """The cgroup hierarchies in the text of mountinfo (proc_pid_mountinfo(5)); other and unreadable lines are left
    out.
    """
    mounts = []
    for line in text.splitlines():
        if " - cgroup" not in line:
            continue
        where, _, what = line.partition(" - ")
        fields, kind = where.split(), what.split()
        if len(fields) >= 5 and len(kind) >= 3 and kind[0] in ("cgroup", "cgroup2"):
            root, point = (PurePosixPath(_unescaped(field)) for field in fields[3:5])
            version = 2 if kind[0] == "cgroup2" else 1
            mounts.append(Mount(root, point, version, frozenset(kind[-1].split(",")) if version == 1 else frozenset()))
    return tuple(mounts)


def parse_memberships(text: str) -> dict[str, PurePosixPath]:
    """The process's cgroup by controller of version 1, and by "" for version 2 (cgroups(7))."""
    paths = {}
    for line in text.splitlines():
        number, separator, rest = line.partition(":")
        names, colon, path = rest.partition(":")
        if separator and colon and path.startswith("/"):
            for name in names.split(",") if number != "0" else ("",):
                paths[name] = PurePosixPath(path)
    return paths


def find_place(
    controller: str, mounts: Sequence[Mount], memberships: Mapping[str, PurePosixPath], root: Path
) -> Place | None:
    """The directories of `memory` or `cpu`, under `root`; None where no mounted hierarchy has the controller.

    A controller is on one hierarchy: where version 1 has it, version 2 does not.
    """
    for version, key in ((1, controller), (2, "")):
        path = memberships.get(key)
        found = [one for one in mounts if one.version == version and (version == 2 or controller in one.controllers)]
        if path is not None and found:
            # The same hierarchy may be mounted more than once, and not everywhere as far up.
            mount = next((one for one in found if path.is_relative_to(one.root)), found[0])
            return Place(version, _directories(root / mount.point.relative_to("/"), mount.root, path))
    return None


def _directories(top: Path, mounted: PurePosixPath, path: PurePosixPath) -> tuple[Path, ...]:
    """From the cgroup up to `top`. In a container `path` may be one of the host's, which is not mounted: its own
    cgroup is at `top` then.
    """
    below = path.relative_to(mounted) if path.is_relative_to(mounted) else PurePosixPath()
    own = top / below
    if ".." in below.parts or not own.is_dir():
        return (top,)
    return (own, *(top / above for above in below.parents)) if below.parts else (top,)


def _unescaped(field: str) -> str:
    """Mountinfo writes a blank as a backslash and 040."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), field)
