"""Which files go into an archive and under which names: `PackOptions` in, archive path → file on disk out.

`writer.pack` calls `collect_inputs`. The options, and what is skipped and flattened, are torch-model-archiver's, but for
`--keep-folders` and handlers that are modules.
"""

import glob
import logging
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from servescope.archive.json_fields import check_file_name
from servescope.archive.manifest import MANIFEST_PATH, Runtime
from servescope.archive.packing.handler import handler_file, package_files
from servescope.archive.packing.tree import files_below, leaf
from servescope.config.names import fault_of
from servescope.errors import ConfigurationError, InvalidModel

_log = logging.getLogger("servescope.archive")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-.]*")


class ArchiveFormat(StrEnum):
    """Forms of an archive: deflated zip (.mar), stored zip (.mar), .tar.gz, or a directory."""

    DEFAULT = "default"
    ZIP_STORE = "zip-store"
    TGZ = "tgz"
    NO_ARCHIVE = "no-archive"


@dataclass(frozen=True, slots=True)
class PackOptions:
    """The options of torch-model-archiver, by its names; paths are relative to the working directory.

    `handler` is a file, the name of a default handler, or a module's by dots, with `:function` or `:Class` after it or not.
    `extra_files` is a list separated by commas of files, directories and patterns; of a directory its contents are packed,
    with `keep_folders` the directory, and a handler in it stays there. `archive_format` and `runtime` take the values of
    their enumerations.
    """

    model_name: str
    version: str
    handler: str
    serialized_file: str | None = None
    model_file: str | None = None
    extra_files: str | None = None
    runtime: str = Runtime.PYTHON.value
    export_path: Path = Path()
    archive_format: str = ArchiveFormat.DEFAULT.value
    force: bool = False
    requirements_file: str | None = None
    config_file: str | None = None
    keep_folders: bool = False


def check_options(options: PackOptions) -> None:
    """Check the values that name no input file.

    Raises:
        ConfigurationError: naming the option and the value.
    """
    check_name("--model-name", options.model_name)
    if (fault := fault_of(options.version)) is not None:
        raise ConfigurationError(f"--version {fault}")
    for option, value, choices in (
        ("--runtime", options.runtime, Runtime),
        ("--archive-format", options.archive_format, ArchiveFormat),
    ):
        if value not in set(choices):
            raise ConfigurationError(f"{option} {value!r}: must be one of {', '.join(choices)}")
    check_export_path(options.export_path)


def check_name(option: str, name: str) -> None:
    """Check what an archive shall be called, by torch-model-archiver's rule. Raises: ConfigurationError."""
    if not _NAME.fullmatch(name):
        rule = "must be letters, digits, '_', '-' and '.', and start with a letter or digit"
        raise ConfigurationError(f"{option} {name!r}: {rule}")


def check_export_path(path: Path) -> None:
    """Check where an archive shall go. Raises: ConfigurationError where that is no directory."""
    if not path.is_dir():
        raise ConfigurationError(f"--export-path {str(path)!r}: not a directory")


def collect_inputs(options: PackOptions, exclude: Path) -> dict[str, Path]:
    """Return the files to pack, by their paths in the archive, in the order of those paths.

    `exclude` is the output, which may lie in one of the input directories. Where two inputs have one name in the
    archive, the later of model file, serialized file, handler, extra files, requirements and configuration wins, with
    a warning.

    Raises:
        ConfigurationError: a file is missing, not a regular file, or has a name that no reader would accept; the text
            names the option and the value.
    """
    return merged(_named_files(options), MANIFEST_PATH, exclude)


def merged(named: Iterable[tuple[str, Path]], manifest: str, exclude: Path) -> dict[str, Path]:
    """Files by their names in the archive, in the order of these; of two with one name the later, with a warning.

    `manifest` is the name of what is written beside them, `exclude` the output.

    Raises:
        ConfigurationError: a name that no reader would accept.
    """
    found: dict[str, Path] = {}
    for name, path in named:
        previous = found.get(name)
        if previous is not None and not os.path.samefile(previous, path):
            _log.warning("%s: %s replaces %s in the archive", name, path, previous)
        found[name] = path
    excluded = exclude.resolve()
    kept = {name: path for name, path in found.items() if not _is_within(path.resolve(), excluded)}
    _check_names(kept)
    return {name: kept[name] for name in sorted(kept) if name != manifest}


def _named_files(options: PackOptions) -> Iterator[tuple[str, Path]]:
    extra = list(extra_files(options.extra_files or "", options.keep_folders))
    for option, value in (("--model-file", options.model_file), ("--serialized-file", options.serialized_file)):
        if value:
            yield single_file(option, value)
    handler = handler_file(options.handler, options.runtime)
    if handler is not None:
        named = single_file("--handler", handler)
        # A handler of a package stays among its modules.
        if not (options.keep_folders and any("/" in name and os.path.samefile(path, handler) for name, path in extra)):
            yield named
    yield from package_files(options.handler, options.runtime)
    yield from extra
    for option, value in (("--requirements-file", options.requirements_file), ("--config-file", options.config_file)):
        if value:
            yield single_file(option, value)


def single_file(option: str, value: str) -> tuple[str, Path]:
    """The one file that an option names, and its name in the archive. Raises: ConfigurationError where there is none."""
    path = Path(value)
    if not path.is_file():
        raise ConfigurationError(f"{option} {value!r}: {'not a file' if path.exists() else 'no such file'}")
    return path.name, path


def extra_files(value: str, keep_folders: bool) -> Iterator[tuple[str, Path]]:
    """The files of `--extra-files`, by their names in the archive. Raises: ConfigurationError: see `PackOptions`."""
    for item in (part.strip() for part in value.split(",")):
        if not item:
            continue
        given = f"--extra-files {item!r}"
        paths = [item] if os.path.exists(item) else sorted(glob.glob(item))
        if not paths and not glob.has_magic(item):
            raise ConfigurationError(f"{given}: no such file or directory")
        if not paths:
            _log.warning("%s matches nothing", given)
        for path in paths:
            if os.path.isdir(path):
                yield from files_below(Path(path), _folder(path) if keep_folders else "", given)
            else:
                yield leaf(Path(path), "", given)


def _folder(path: str) -> str:
    """What a directory's files are under in the archive where folders are kept; the working directory has no name."""
    return "" if os.path.normpath(path) == os.curdir else f"{os.path.basename(os.path.abspath(path))}/"


def _check_names(files: dict[str, Path]) -> None:
    """Refuse now what an unpacker would refuse later."""
    for name, path in files.items():
        try:
            check_file_name(name, str(path))
            name.encode()
        except (InvalidModel, UnicodeEncodeError) as error:
            raise ConfigurationError(f"{name!r} cannot be packed: {error}") from error
        for parent in PurePosixPath(name).parents:
            if (clash := files.get(str(parent))) is not None:
                raise ConfigurationError(f"{path} and {clash} cannot both be packed: {parent} would be a directory too")


def _is_within(path: Path, directory: Path) -> bool:
    return path == directory or directory in path.parents
