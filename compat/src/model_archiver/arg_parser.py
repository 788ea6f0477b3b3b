"""`model_archiver.arg_parser`: this process's command line, as torch-model-archiver reads it."""

from servescope.cli.torchserve.archivers import model_parser

from .model_archiver_config import ModelArchiverConfig


class ArgParser:
    """Reads the options of the command."""

    @staticmethod
    def export_model_args_parser() -> ModelArchiverConfig:
        """What they say. What is wrong with them ends the process, with status 2."""
        return ModelArchiverConfig.from_args(model_parser().parse_args())
