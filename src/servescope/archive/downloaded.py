"""Downloaded archives in the model store: a finished download in, a file that can be told from the user's own out.

`source` publishes them, `reader` removes them with their models, and `runtime`, when a server starts, those that a server which
was killed could not remove: TorchServe leaves them, and then cannot load the same URL again, as the file exists already.

A download has two names, hard links to one file: its own, and a hidden one that marks it. A file that the user puts in its place
has no mark, whatever lies around.
"""

import logging
import os
from pathlib import Path
from typing import Final

from servescope.errors import FileExists

_MARK: Final = ".servescope-download"

_log = logging.getLogger("servescope.archive")


def publish_download(partial: Path, target: Path) -> None:
    """Give a finished download its name, without taking that of a file which came in the meantime, and mark it.

    Raises:
        FileExists: there is such a file.
        OSError: neither linking nor renaming works.
    """
    try:
        os.link(partial, target)
    except FileExistsError as error:
        raise FileExists(f"Model file already exists {target.name}") from error
    except OSError:
        partial.rename(target)  # a file system without hard links: no mark
    else:
        partial.rename(_mark_of(target))


def remove_download(target: Path) -> None:
    """Delete a download and its mark; a no-op the second time."""
    target.unlink(missing_ok=True)
    _mark_of(target).unlink(missing_ok=True)


def remove_abandoned_downloads(model_store: Path) -> None:
    """Delete the downloads in a model store. To be called before a server makes its own.

    Another server that shares the store loses nothing: what it downloaded it has unpacked since.
    """
    for mark in model_store.glob(f".*{_MARK}"):
        target = mark.with_name(mark.name.removesuffix(_MARK)[1:])
        try:
            if target.is_file() and target.samefile(mark):
                target.unlink()
                _log.info("Removed %s, which a server that was killed had downloaded", target)
            mark.unlink()
        except OSError as error:
            _log.warning("%s, which a server that was killed had downloaded, stays: %s", target, error)


def _mark_of(target: Path) -> Path:
    return target.with_name(f".{target.name}{_MARK}")
