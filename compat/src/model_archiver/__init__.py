"""torch-model-archiver's module, for scripts that pack models without the command."""

from servescope.archive.manifest import ARCHIVER_VERSION
from servescope.cli.torchserve.model_archiver import ModelArchiver, ModelArchiverConfig

__all__ = ["ModelArchiver", "ModelArchiverConfig", "__version__"]
__version__ = ARCHIVER_VERSION
