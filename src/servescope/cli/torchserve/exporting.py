"""What the modules `model_archiver` and `workflow_archiver` have in common: an archive made in steps, by scripts.

In: names, paths, files. Out: what to write where. Names are those of model_archiver's and workflow_archiver's `…_packaging_utils`;
`archive.packing` has the rules. compat/ installs the modules.
"""

import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from servescope.archive.manifest import ARCHIVER_VERSION
from servescope.archive.packing.output import check_output
from servescope.archive.packing.tree import files_below, is_packed

_log = logging.getLogger("servescope.archive")
_LEFT_OUT = re.compile(r".*(\.pyc|\.DS_Store|\.[mw]ar)|MANIFEST\.json", re.DOTALL)


class ExportSteps:
    """Steps that both archivers have."""

    @staticmethod
    def make_dir(d: str) -> None:
        """A directory, and those above it, where there is none."""
        os.makedirs(d, exist_ok=True)

    @staticmethod
    def clean_temp_files(temp_files: list[str]) -> None:
        """Remove files, and directories with all that is in them."""
        for path in temp_files:
            if os.path.isdir(path):
                shutil.rmtree(path)
            else:
                os.remove(path)

    @staticmethod
    def directory_filter(directory: str, unwanted_dirs: set[str]) -> bool:
        """Whether a directory of this name is packed."""
        return directory not in unwanted_dirs and is_packed(directory)

    @staticmethod
    def file_filter(current_file: str, files_to_exclude: set[str]) -> bool:
        """Whether a file of this name is packed."""
        return current_file not in files_to_exclude and not _LEFT_OUT.fullmatch(current_file)


def taken(output: str, overwrite: bool) -> str | None:
    """What is wrong with an output that exists, None where nothing is; one that is replaced is warned of."""
    if not os.path.exists(output):
        return None
    if not overwrite:
        return f"{output} already exists: give --force to overwrite it"
    _log.warning("Overwriting %s ...", output)
    return None


def gathered(files: Mapping[str, Path]) -> str:
    """Copies of files, by their names in the archive, in a new directory, which the caller removes."""
    directory = tempfile.mkdtemp(prefix="archive-")
    for name, path in files.items():
        target = os.path.join(directory, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(path, target)
    return directory


def replaceable(output: Path, manifest: str, directory: str) -> dict[str, Path]:
    """The files of such a directory, but for a manifest, by their names in the archive, which may be written to `output`.

    Raises:
        ConfigurationError: one is no file, or something is in the way that is no archive.
    """
    check_output(output, manifest, force=True)
    return {name: path for name, path in files_below(Path(directory), "", directory) if name != manifest}


class Described:
    """Something that a manifest says, as the JSON that it becomes."""

    def __init__(self, document: dict[str, object]) -> None:
        self.document = document

    def __str__(self) -> str:
        return json.dumps(self.document, indent=2)

    __repr__ = __str__


class ManifestBase(Described):
    """A manifest. `manifest_dict` and the attributes are called as the archivers' are."""

    def __init__(self, document: dict[str, object]) -> None:
        super().__init__(document)
        self.manifest_dict = document
        self.creation_time = document["createdOn"]
        self.archiver_version = ARCHIVER_VERSION
