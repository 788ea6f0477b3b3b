"""What lies in an archive that is no model: its file and its unpacked directory in, a sentence for whoever packed it out.

`reader` asks where a name or a handler is missing, which is as far as TorchServe's own words go. Reads names, and the first bytes,
and tells them of what is called an archive alone: a client may name any file.
"""

import os
from pathlib import Path
from typing import Final

from servescope.archive.manifest import MANIFEST_PATH
from servescope.archive.members import GZIP_MAGIC, ZIP_SUFFIXES, beginning_of, is_zip

_SHOWN: Final = 5


def found_and_expected(source: Path, directory: Path, key: str) -> str:
    """What was found in place of the manifest's `key`, and what was expected. `directory`: `source`, unpacked."""
    if (directory / MANIFEST_PATH).is_file():
        return f"Its {MANIFEST_PATH} has no {key}."
    expected = f"Expected {MANIFEST_PATH} with {key}; `servescope archive` and torch-model-archiver write it."
    return f"{_no_archive(source) or _misplaced(source, directory) or _others(source, directory)} {expected}"


def _no_archive(source: Path) -> str | None:
    """For a file with the name of a zip that is none; other files that cannot be read have been refused before."""
    if source.is_dir() or source.suffix.lower() not in ZIP_SUFFIXES or is_zip(source):
        return None
    begin = beginning_of(source)
    if not begin:
        return f"Found an empty file: {source.name} has 0 bytes."
    if begin.startswith(GZIP_MAGIC):
        return f"Found a gzip file: {source.name} is no zip; a tar.gz has to be called so."
    return f"Found no zip file: {source.name} begins with {begin!r}."


def _misplaced(source: Path, directory: Path) -> str | None:
    """For an archive with a manifest in another place than the readers of its format look for it."""
    root, name = MANIFEST_PATH.split("/")
    if (directory / name).is_file() and not source.is_dir() and not is_zip(source):
        return (
            f"Found {root} without a folder around it: a tar.gz holds all in one folder, as in `tar czf m.tar.gz m/`, "
            f"whose name is dropped, so {MANIFEST_PATH} became {name}."
        )
    inner = sorted(path.parent.parent for path in directory.glob(f"*/{MANIFEST_PATH}"))
    if inner:
        return f"Found {MANIFEST_PATH} in the folder {inner[0].name!r}, not at the top."
    return None


def _others(source: Path, directory: Path) -> str:
    if source.is_dir():  # anybody's, whose names are none of a client's business
        return "Found no MAR-INF in this directory."
    names = sorted(os.listdir(directory))
    if not names:
        return "Found nothing: it has no members."
    more = len(names) - _SHOWN
    return f"Found {', '.join(map(repr, names[:_SHOWN]))}{f' and {more} more' if more > 0 else ''}."
