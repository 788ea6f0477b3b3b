"""Pictures of a simulation on the disk: in, a folder and files; out, the files, over earlier ones of ours and nothing else.

Called by `simulate`. What was generated carries a mark, by which it is told from what was not.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from servescope.autoscaler.simulator.plot import FILES, MARK
from servescope.errors import ConfigurationError


def check_folder(folder: Path, *, force: bool) -> None:
    """Before the work is done: ConfigurationError, which names the folder, if the pictures may not be written there."""
    try:
        if folder.exists() and not folder.is_dir():
            raise ConfigurationError(f"--out {folder}: it is no folder")
        if not folder.is_dir() or not any(folder.iterdir()):
            return
        if not force:
            raise ConfigurationError(f"--out {folder}: it has files already; give --force to write there")
        for name in FILES:
            if os.path.lexists(folder / name) and not _is_ours(folder / name):
                raise ConfigurationError(f"--out {folder}: {name} was not made by a simulation, and is left alone")
    except OSError as error:
        raise ConfigurationError(f"--out {folder}: {error.strerror}") from error


def _is_ours(file: Path) -> bool:
    return file.is_file() and not file.is_symlink() and MARK.encode() in file.read_bytes()


def write_pictures(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write them. ConfigurationError if that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"--out {folder}: {error.strerror}") from error
