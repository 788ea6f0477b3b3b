"""A model's files on a node: once a machine, by their content, as long as any worker there needs them.

In: the bytes that `packing` made. Out: a directory. Used by `actor`. Who uses a directory holds a shared lock on the file beside
it; the last to leave removes both. What a killed actor has left is removed by the next one that comes to the machine.
"""

import fcntl
import hashlib
import io
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = ".lock"
_AGAIN_S = 0.05


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
def unpacked(root: Path, digest: str, fetch: Callable[[], bytes]) -> Iterator[Path]:
    """The directory with these contents. `fetch` gives the bytes, and is called where nobody has unpacked them here yet.

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


def _hold(root: Path, digest: str, fetch: Callable[[], bytes]) -> int:
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


def _unpack(root: Path, directory: Path, digest: str, data: bytes) -> None:
    if hashlib.sha256(data).hexdigest() != digest:
        raise OSError(f"the model's archive has come as {len(data)} bytes that are not those that were sent")
    halfway = Path(tempfile.mkdtemp(prefix=".halfway-", dir=root))
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            archive.extractall(halfway, filter="data")
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
