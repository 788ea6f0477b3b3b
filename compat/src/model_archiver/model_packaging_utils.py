"""`model_archiver.model_packaging_utils`: the steps of packing a model, each by itself.

`model_packaging` takes them one after another; so do scripts that do something in between.
"""

import os
import zipfile
from pathlib import Path

from servescope.archive.manifest import MANIFEST_PATH
from servescope.archive.packing.handler import DEFAULT_HANDLERS
from servescope.archive.packing.inputs import ArchiveFormat, PackOptions, check_export_path, check_name, collect_inputs
from servescope.archive.packing.meter import Meter
from servescope.archive.packing.writer import archive_name, write_archive
from servescope.cli.torchserve.exporting import ExportSteps, gathered, replaceable, taken
from servescope.errors import ServescopeError

from .manifest_components.manifest import Manifest
from .manifest_components.model import Model
from .model_archiver_config import ModelArchiverConfig
from .model_archiver_error import ModelArchiverError

# `zipfile` is among them: tests replace `model_archiver.model_packaging_utils.zipfile.ZipFile`.
__all__ = ["ModelExportUtils", "archiving_options", "model_handlers", "zipfile"]

archiving_options = {str(one): archive_name("", one) for one in ArchiveFormat}
model_handlers = dict.fromkeys(sorted(DEFAULT_HANDLERS), "anything")


class ModelExportUtils(ExportSteps):
    """The steps. What is wrong with an option is a ModelArchiverError."""

    @staticmethod
    def get_archive_export_path(export_file_path: str | Path, model_name: str, archive_format: str) -> str:
        """Where the archive will be."""
        return os.path.join(export_file_path, archive_name(model_name, archive_format))

    @staticmethod
    def check_mar_already_exists(
        model_name: str, export_file_path: str | Path | None, overwrite: bool, archive_format: str = "default"
    ) -> str | Path:
        """The directory for the archive: the working one, where none is given. Raises: ModelArchiverError: it is there."""
        directory = os.getcwd() if export_file_path is None else export_file_path
        output = ModelExportUtils.get_archive_export_path(directory, model_name, archive_format)
        if (fault := taken(output, overwrite)) is not None:
            raise ModelArchiverError(fault)
        return directory

    @staticmethod
    def find_unique(files: list[str], suffix: str) -> str | None:
        """The one file whose name ends like this, None where there is none. Raises: ModelArchiverError: several."""
        found = [file for file in files if file.endswith(suffix)]
        if len(found) > 1:
            raise ModelArchiverError(f"only one {suffix} file is expected, and there are {len(found)}: {found}")
        return found[0] if found else None

    @staticmethod
    def generate_model(modelcfg: ModelArchiverConfig) -> Model:
        """What a manifest says of the model."""
        names = ("serialized_file", "handler", "model_file", "requirements_file", "config_file")
        found = {name: getattr(modelcfg, name, None) for name in names}
        return Model(model_name=modelcfg.model_name, model_version=modelcfg.version, **found)

    @staticmethod
    def generate_manifest_json(config: ModelArchiverConfig) -> str:
        """The manifest."""
        return str(Manifest(runtime=config.runtime, model=ModelExportUtils.generate_model(config)))

    @staticmethod
    def copy_artifacts(model_name: str, runtime: str, **kwargs: str | None) -> str:
        """A new directory with copies of what is to be packed, by the options' names.

        Raises:
            ModelArchiverError: a file is missing, or cannot be packed.
        """
        given = {name.replace("-", "_"): value for name, value in kwargs.items() if value}
        handler = given.pop("handler", "base_handler")
        options = PackOptions(model_name=model_name, version="", handler=handler, runtime=runtime, **given)
        try:
            return gathered(collect_inputs(options, exclude=Path(model_name)))
        except ServescopeError as error:
            raise ModelArchiverError(error.message) from error

    @staticmethod
    def archive(
        export_file: str | Path, model_name: str, model_path: str, manifest: str, archive_format: str = "default"
    ) -> None:
        """Write the archive, of a directory and a manifest.

        Raises:
            ModelArchiverError: there is something in the directory that cannot be packed.
            OSError: a file cannot be read or written; nothing is left behind.
        """
        output = Path(ModelExportUtils.get_archive_export_path(export_file, model_name, archive_format))
        try:
            files = replaceable(output, MANIFEST_PATH, model_path)
        except ServescopeError as error:
            raise ModelArchiverError(error.message) from error
        write_archive(output, archive_format, model_name, files, manifest.encode(), Meter())

    @staticmethod
    def check_model_name_regex_or_exit(model_name: str) -> None:
        """Raises: ModelArchiverError: no name for a model."""
        try:
            check_name("--model-name", model_name)
        except ServescopeError as error:
            raise ModelArchiverError(error.message) from error

    @staticmethod
    def validate_inputs(model_name: str, export_path: str | Path) -> None:
        """Raises: ModelArchiverError: no name for a model, or no directory."""
        ModelExportUtils.check_model_name_regex_or_exit(model_name)
        try:
            check_export_path(Path(export_path))
        except ServescopeError as error:
            raise ModelArchiverError(error.message) from error
