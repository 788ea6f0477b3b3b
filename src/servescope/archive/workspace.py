"""Where a server unpacks archives: the temporary directory in, a directory of its own for as long as the server lives out.

`runtime` opens it, `reader` fills it. A server that is killed cannot take its own away, and unpacked models are large: so each
is locked by its server, and those that nobody locks any more are removed when the next server starts.
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

LOCK_NAME: Final = ".workspace.lock"
_PREFIX: Final = "servescope-"

_log = logging.getLogger("servescope.archive")


@contextmanager
def workspace(parent: Path, abandoned: Callable[[Path], None]) -> Iterator[Path]:
    """A new directory in `parent`, removed at the end; before, those of servers that were killed are removed.

    `abandoned` is called for each of these before.

    Raises:
        OSError: it cannot be made.
    """
    _remove_abandoned(parent, abandoned)
    with TemporaryDirectory(prefix=_PREFIX, dir=parent, ignore_cleanup_errors=True) as name:
        # Locked first and named then, so that no other server finds it unlocked. Workers do not inherit the descriptor.
        unnamed = Path(name) / f"{LOCK_NAME}.new"
        with unnamed.open("wb") as lock:
            with suppress(OSError):  # a file system without locks: without its name nobody takes it for abandoned
                fcntl.flock(lock, fcntl.LOCK_EX)
                unnamed.rename(unnamed.with_name(LOCK_NAME))
            yield Path(name)


def _remove_abandoned(parent: Path, abandoned: Callable[[Path], None]) -> None:
    for path in parent.glob(f"{_PREFIX}*/{LOCK_NAME}"):
        directory = path.parent
        try:
            if directory.is_symlink() or directory.stat().st_uid != os.geteuid():
                continue
            with path.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                abandoned(directory)
                shutil.rmtree(directory)
        except OSError as error:  # BlockingIOError: its server lives
            _log.debug("%s stays: %s", directory, error)
        else:
            _log.info("Removed %s, which a server that was killed had left", directory)
