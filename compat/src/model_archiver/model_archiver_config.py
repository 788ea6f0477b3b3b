"""`model_archiver.model_archiver_config`: the options of torch-model-archiver, as a script gives them."""

from argparse import Namespace
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from servescope.archive.manifest import Runtime
from servescope.archive.packing.inputs import ArchiveFormat


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
