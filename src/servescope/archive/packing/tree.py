"""A directory → the files in it, by the names that they have in an archive. Called by `inputs` and `handler`."""

import os
from collections.abc import Iterator
from pathlib import Path

from servescope.errors import ConfigurationError

_SKIPPED_DIRECTORIES = {"__pycache__", "__MACOSX"}


def files_below(directory: Path, prefix: str, given: str) -> Iterator[tuple[str, Path]]:
    """All files below a directory, each under `prefix` and its path in it; hidden and cache directories are left out.

    `given` is the option and its value, for messages. Symbolic links are followed, as copying does.

    Raises:
        ConfigurationError: something is no regular file, or a link goes round.
    """
    return _walk(directory, prefix, given, ())


def is_packed(directory: str) -> bool:
    """Whether a directory of this name is packed: not where it is hidden, or a cache."""
    return not directory.startswith(".") and directory not in _SKIPPED_DIRECTORIES


def leaf(path: Path, prefix: str, given: str) -> tuple[str, Path]:
    """One file's name in the archive, and the file. Raises: ConfigurationError where it is no regular one."""
    if not path.is_file():
        raise ConfigurationError(f"{given}: {str(path)!r} is not a regular file")
    return prefix + path.name, path


def _walk(directory: Path, prefix: str, given: str, above: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """`above` are the real paths walked into so far."""
    real = os.path.realpath(directory)
    if real in above:
        raise ConfigurationError(f"{given}: {str(directory)!r} links to a directory that contains it")
    for entry in sorted(directory.iterdir()):
        if not entry.is_dir():
            yield leaf(entry, prefix, given)
        elif is_packed(entry.name):
            yield from _walk(entry, f"{prefix}{entry.name}/", given, (*above, real))
