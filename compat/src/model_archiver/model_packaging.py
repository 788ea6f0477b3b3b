"""`model_archiver.model_packaging`: packs a model, step by step; `python -m model_archiver.model_packaging` is the command."""

from servescope.cli.torchserve.archivers import main_model

from .arg_parser import ArgParser
from .model_archiver_config import ModelArchiverConfig
from .model_packaging_utils import ModelExportUtils


def package_model(config: ModelArchiverConfig, manifest: str) -> None:
    """Pack a model with this manifest.

    Raises:
        ModelArchiverError: an option that cannot be used, or an archive that exists without `force`.
        OSError: a file cannot be read or written.
    """
    ModelExportUtils.validate_inputs(config.model_name, config.export_path)
    directory = ModelExportUtils.check_mar_already_exists(
        config.model_name, config.export_path, config.force, config.archive_format
    )
    files = {
        "model_file": config.model_file,
        "serialized_file": config.serialized_file,
        "handler": config.handler,
        "extra_files": config.extra_files,
        "requirements_file": config.requirements_file,
        "config_file": config.config_file,
    }
    gathered = ModelExportUtils.copy_artifacts(config.model_name, config.runtime, **files)
    try:
        ModelExportUtils.archive(directory, config.model_name, gathered, manifest, config.archive_format)
    finally:
        ModelExportUtils.clean_temp_files([gathered])


def generate_model_archive(config: ModelArchiverConfig | None = None) -> None:
    """Pack a model; without a configuration, what this process's command line says. Raises: see `package_model`."""
    if config is None:
        config = ArgParser.export_model_args_parser()
    package_model(config, manifest=ModelExportUtils.generate_manifest_json(config))


if __name__ == "__main__":
    main_model()
