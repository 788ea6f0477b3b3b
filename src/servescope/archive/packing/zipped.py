"""Files → a zip archive with a manifest, whose bytes depend on nothing but these. Called by `writer` and `workflow`."""

import stat
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

Copy = Callable[[Path, IO[bytes]], None]


def write_zip(
    partial: Path, compression: int, inputs: Mapping[str, Path], manifest: tuple[str, bytes], copy: Copy
) -> None:
    """Write the archive: the inputs by their names, in their order, and last the manifest, by its name.

    `copy` puts a file's bytes into a member.
    """
    name_of_manifest, text = manifest
    with zipfile.ZipFile(partial, "x", compression) as archive:
        for name, path in inputs.items():
            info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
            info.compress_type = compression
            info.external_attr = (stat.S_IFREG | mode_of(path)) << 16
            with archive.open(info, "w") as member:
                copy(path, member)
        # the epoch of zip, so that the bytes depend on nothing but the contents
        info = zipfile.ZipInfo(name_of_manifest)
        info.external_attr = (stat.S_IFREG | 0o644) << 16
        archive.writestr(info, text, compression)


def mode_of(path: Path) -> int:
    """Permissions in the archive: of the file's own, only whether its owner may execute it."""
    return 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644
