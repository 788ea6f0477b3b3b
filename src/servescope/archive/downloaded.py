"""Downloaded archives in the model store: a finished download in, a file that can be told from the user's own out.

`source` publishes them, `reader` removes them with their models, and `runtime`, when a server starts, those that a server which
was killed could not remove: TorchServe leaves them, and then cannot load the same URL again, as the file exists already.

A download has two names, hard links to one file: its own, and a hidden one that marks it. A file that the user puts in its place
has no mark, whatever lies around. Where the store has a file of that name, the download lies aside, in a hidden folder of its own:
other people's archives are called `model.mar` too.
"""

import logging
import os
import shutil
import uuid
from collections.abc import Container
from pathlib import Path
from typing import Final

_MARK: Final = ".servescope-download"
_ASIDE: Final = ".servescope-aside"

_log = logging.getLogger("servescope.archive")


def publish_download(partial: Path, target: Path) -> Path:
    """Give a finished download its name and mark it, or where that name is taken, put it aside; returns where it is.

    Raises:
        OSError: neither linking nor renaming works.
    """
    try:
        os.link(partial, target)
    except OSError as error:
        if isinstance(error, FileExistsError) or os.path.lexists(target):
            return _put_aside(partial, target)
        partial.rename(target)  # a file system without hard links: no mark
    else:
        partial.rename(_mark_of(target))
    return target


def remove_download(target: Path) -> None:
    """Delete a download and its mark, but no file that the user has put in its place; a no-op the second time."""
    if target.parent.name.endswith(_ASIDE):
        shutil.rmtree(target.parent, ignore_errors=True)
        return
    mark = _mark_of(target)
    if not mark.exists() or (target.exists() and target.samefile(mark)):
        target.unlink(missing_ok=True)
    mark.unlink(missing_ok=True)


def remove_abandoned_downloads(model_store: Path, kept: Container[Path] = ()) -> None:
    """Delete the downloads in a model store, but for those that are `kept`. To be called before a server makes its own.

    Another server that shares the store loses nothing: what it downloaded it has unpacked since.
    """
    for aside in model_store.glob(f".*{_ASIDE}"):
        if any(file in kept for file in aside.iterdir()):
            continue
        shutil.rmtree(aside, ignore_errors=True)
        _log.info("Removed %s, where a server that was killed had a download", aside)
    for mark in model_store.glob(f".*{_MARK}"):
        target = mark.with_name(mark.name.removesuffix(_MARK)[1:])
        if target in kept:
            continue
        try:
            if target.is_file() and target.samefile(mark):
                target.unlink()
                _log.info("Removed %s, which a server that was killed had downloaded", target)
            mark.unlink()
        except OSError as error:
            _log.warning("%s, which a server that was killed had downloaded, stays: %s", target, error)


def _put_aside(partial: Path, target: Path) -> Path:
    aside = target.with_name(f".{uuid.uuid4().hex}{_ASIDE}")
    aside.mkdir()
    return partial.rename(aside / target.name)


def _mark_of(target: Path) -> Path:
    return target.with_name(f".{target.name}{_MARK}")
