"""A model's directory as bytes: in, the directory; out, a tar file of it and its digest. Called by `driver`.

The same contents are the same bytes, whenever and by whomever they were unpacked. Links are followed: nodes do not have what they
lead to.
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

_SKIPPED = "__pycache__"


def pack(directory: Path) -> tuple[str, bytes]:
    """Digest and bytes.

    Raises:
        OSError: something in it cannot be read.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", dereference=True) as archive:
        for path in _inside(directory):
            archive.add(path, str(path.relative_to(directory)), recursive=False, filter=_plain)
    data = buffer.getvalue()
    return hashlib.sha256(data).hexdigest(), data


def _inside(directory: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(directory, followlinks=True):
        folders[:] = sorted(folder for folder in folders if folder != _SKIPPED)
        yield from (Path(where, name) for name in [*folders, *sorted(files)])


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Without what differs from one unpacking to the next; None for what is neither a file nor a directory."""
    if not (member.isfile() or member.isdir()):
        return None
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member
