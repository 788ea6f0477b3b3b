"""`model_archiver`, the module: scripts pack models by it without the command.

In: a `ModelArchiverConfig`. Out: an archive on disk. Names and defaults are torch-model-archiver's (model_archiver/*.py);
`archive.packing` does the work.
"""

from argparse import Namespace
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

from servescope.archive.manifest import Runtime
from servescope.archive.packing.inputs import ArchiveFormat, PackOptions
from servescope.archive.packing.writer import pack
from servescope.cli.torchserve.archivers import main_model
from servescope.errors import ServescopeError


class ModelArchiverError(Exception):
    """An option that makes no archive; the text names it and its value."""


@dataclass
class ModelArchiverConfig:
    """The options of torch-model-archiver; paths are relative to the working directory."""

    model_name: str
    handler: str
    version: str
    serialized_file: str | None = None
    model_file: str | None = None
    extra_files: str | None = None
    runtime: str = Runtime.PYTHON.value
    export_path: str | Path = "."
    archive_format: str = ArchiveFormat.DEFAULT.value
    force: bool = False
    requirements_file: str | None = None
    config_file: str | None = None

    @classmethod
    def from_args(cls, args: Namespace) -> Self:
        """What a parser of the command's options found."""
        return cls(**{one.name: getattr(args, one.name) for one in fields(cls)})


def generate_model_archive(config: ModelArchiverConfig | None = None) -> None:
    """Pack a model; without a configuration, what this process's command line says, whose end is the process's.

    Raises:
        ModelArchiverError: an option that cannot be used, or an archive that exists without `force`.
        OSError: a file cannot be read or written.
    """
    if config is None:
        main_model()
        return
    given = asdict(config) | {"version": str(config.version), "export_path": Path(config.export_path)}
    try:
        pack(PackOptions(**given))
    except ServescopeError as error:
        raise ModelArchiverError(error.message) from error


class ModelArchiver:
    """Another way to call it."""

    @staticmethod
    def generate_model_archive(config: ModelArchiverConfig) -> None:
        """See the function."""
        generate_model_archive(config)
