"""A model's directory as a tar file: in, the directory; out, the file in pieces, one after the other, and its digest. Called by
`actors`.

The same contents are the same bytes, whenever and by whomever they were unpacked. Links are followed: nodes do not have what they
lead to. No more than a piece of it is in memory.
"""

import errno
import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

# Bytes. Large enough that Ray's own work for an object does not count.
PIECE = 32 << 20
_SKIPPED = "__pycache__"


class _Pieces:
    """A file that is written from its beginning to its end, and given away piece by piece."""

    def __init__(self, take: Callable[[bytes], None], size: int) -> None:
        self.digest = hashlib.sha256()
        self._take = take
        self._size = size
        self._held = bytearray()
        self._given = 0

    def write(self, data: bytes) -> int:
        """As a file's."""
        self._held += data
        if len(self._held) >= self._size:
            self.flush()
        return len(data)

    def tell(self) -> int:
        """As a file's."""
        return self._given + len(self._held)

    def flush(self) -> None:
        """Give away what there is."""
        piece = bytes(self._held)
        self._held.clear()
        if piece:
            self.digest.update(piece)
            self._given += len(piece)
            self._take(piece)


def pack(directory: Path, take: Callable[[bytes], None], size: int = PIECE) -> str:
    """Have its pieces taken, of about `size` bytes; the digest of all of them.

    Raises:
        OSError: something in it cannot be read.
    """
    pieces = _Pieces(take, size)
    with tarfile.open(fileobj=cast("IO[bytes]", pieces), mode="w", dereference=True) as archive:
        for path in _inside(directory):
            archive.add(path, str(path.relative_to(directory)), recursive=False, filter=_plain)
    pieces.flush()
    return pieces.digest.hexdigest()


def size_of(directory: Path) -> int:
    """How many bytes its files have.

    Raises:
        OSError: something in it cannot be looked at.
    """
    return sum(path.stat().st_size for path in _inside(directory) if path.is_file())


def _inside(directory: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(directory, onerror=_refuse, followlinks=True):
        folders[:] = sorted(folder for folder in folders if folder != _SKIPPED)
        for folder in folders:
            _refuse_circle(Path(where, folder))
        yield from (Path(where, name) for name in [*folders, *sorted(files)])


def _refuse(error: OSError) -> None:
    """A folder that cannot be read: the model would come without it."""
    raise error


def _refuse_circle(folder: Path) -> None:
    """A link to a folder that it is in: the model would come many times over."""
    if folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve()):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(folder))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Without what differs from one unpacking to the next; None for what is neither a file nor a directory."""
    if not (member.isfile() or member.isdir()):
        return None
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member
