"""torch-workflow-archiver's module, for scripts that pack workflows without the command.

As `model_archiver` is for models: `workflow_packaging` packs, by the steps of `workflow_packaging_utils`.
"""

from .version import __version__

__all__ = ["__version__"]
