"""A model's files on a node: once a machine, by their content, as long as any worker there needs them.

In: the pieces that `packing` made, one at a time. Out: a directory. Used by `actor`. Who uses a directory holds a shared lock on
the file beside it; the last to leave removes both. What a killed actor has left is removed by the next one that comes to the
machine.
"""

import fcntl
import hashlib
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

_LOCK = ".lock"
_AGAIN_S = 0.05
_READ = 1 << 20


def root_of(directory: Path) -> Path:
    """A place of the present user's below a directory for temporary files; made where it is not there.

    Raises:
        OSError: it cannot be made, or is somebody else's.
    """
    root = directory / f"servescope-{os.geteuid()}"
    root.mkdir(mode=0o700, exist_ok=True)
    found = root.lstat()
    if found.st_uid != os.geteuid() or root.is_symlink():
        raise OSError(f"{root} is not this user's own")
    return root


@contextmanager
def unpacked(root: Path, digest: str, fetch: Callable[[], Iterator[bytes]]) -> Iterator[Path]:
    """The directory with these contents. `fetch` gives the pieces, and is called where nobody has unpacked them here yet.

    Raises:
        OSError: there is no room for them, or the bytes are not those of the digest.
    """
    _sweep(root)
    directory = root / digest
    lock = _hold(root, digest, fetch)
    try:
        yield directory
    finally:
        os.close(lock)
        remove_unheld(root, digest)


def _hold(root: Path, digest: str, fetch: Callable[[], Iterator[bytes]]) -> int:
    """A shared lock on a directory that is there."""
    path, directory = root / f"{digest}{_LOCK}", root / digest
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_SH)
        if _is_at(lock, path) and directory.exists():
            return lock
        try:
            # Without waiting, as whoever is quicker shares it for as long as a worker lives.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(lock, path) and not directory.exists():
                _unpack(root, directory, digest, fetch())
        except BlockingIOError:
            time.sleep(_AGAIN_S)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(lock)


def _is_at(lock: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False


class _Arriving:
    """A file that comes in pieces, and is read once from its beginning to its end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.digest = hashlib.sha256()
        self.size = 0
        self._pieces = pieces
        self._piece = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Up to so many bytes; none where there are no more."""
        while not self._piece:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self.digest.update(piece)
            self.size += len(piece)
            self._piece = memoryview(piece)
        data, self._piece = self._piece[:size], self._piece[size:]
        return bytes(data)

    def has_come_as(self, digest: str) -> bool:
        """Whether, to its end, it is what has this digest."""
        while self.read(_READ):
            pass
        return self.digest.hexdigest() == digest


def _unpack(root: Path, directory: Path, digest: str, pieces: Iterator[bytes]) -> None:
    halfway = Path(tempfile.mkdtemp(prefix=".halfway-", dir=root))
    arriving = _Arriving(pieces)
    try:
        try:
            with tarfile.open(fileobj=cast("IO[bytes]", arriving), mode="r|", bufsize=_READ) as archive:
                archive.extractall(halfway, filter="data")
        except tarfile.TarError:
            if arriving.has_come_as(digest):
                raise
        if not arriving.has_come_as(digest):
            raise OSError(f"the model's archive has come as {arriving.size} bytes that are not those that were sent")
        halfway.rename(directory)
    except BaseException:
        shutil.rmtree(halfway, ignore_errors=True)
        raise


def remove_unheld(root: Path, digest: str) -> bool:
    """Remove these contents unless somebody holds them; whether they are gone."""
    path = root / f"{digest}{_LOCK}"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(lock, path):  # else it is removed already, and what is there now is another's
            shutil.rmtree(root / digest, ignore_errors=True)
            path.unlink(missing_ok=True)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(lock)


def _sweep(root: Path) -> None:
    """Remove what nobody holds."""
    for path in root.glob(f"*{_LOCK}"):
        with suppress(OSError):
            remove_unheld(root, path.name.removesuffix(_LOCK))
