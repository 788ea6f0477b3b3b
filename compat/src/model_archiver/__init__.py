"""torch-model-archiver's module, for scripts that pack models without the command.

A script calls `model_packaging.generate_model_archive`, or the steps that it is made of, `model_packaging_utils.ModelExportUtils`.
Names, arguments and defaults are torch-model-archiver 0.12's; the work is `servescope.archive.packing`'s.
"""

from .model_archiver import ModelArchiver
from .model_archiver_config import ModelArchiverConfig
from .version import __version__

__all__ = ["ModelArchiver", "ModelArchiverConfig", "__version__"]
