"""An output that takes its name only when it is whole: called by `writer` and `workflow`."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servescope.errors import ConfigurationError


def check_output(output: Path, holds: Path | str, *, force: bool) -> None:
    """Refuse an output that may not be written. `holds`: what a directory has in it that may be replaced.

    Raises:
        ConfigurationError: it exists and `force` is not set, or it is another kind of directory.
    """
    if not os.path.lexists(output):
        return
    if not force:
        raise ConfigurationError(f"{output} already exists: give --force to overwrite it")
    if output.is_dir() and not (output / holds).is_file() and any(output.iterdir()):
        raise ConfigurationError(f"--force: {output} is a directory that holds no model, and is not overwritten")


@contextmanager
def whole(output: Path) -> Iterator[Path]:
    """Where to write, beside the output, which it becomes at the end; where that is not reached, nothing is left."""
    partial = output.with_name(f".{output.name}.{uuid.uuid4().hex}.part")
    try:
        yield partial
        _replace(partial, output)
    finally:
        _remove(partial)


def _replace(partial: Path, output: Path) -> None:
    """Give the finished output its name; a file is replaced in one step, a directory is moved aside first."""
    if not output.is_dir() or output.is_symlink():
        if partial.is_dir():
            output.unlink(missing_ok=True)
        partial.replace(output)
        return
    old = output.with_name(f"{partial.name}.old")
    output.rename(old)
    partial.replace(output)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
