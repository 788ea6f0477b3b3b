"""`model_archiver.version`: the release whose options and formats these are."""

from servescope.archive.manifest import ARCHIVER_VERSION

__all__ = ["__version__"]
__version__ = ARCHIVER_VERSION
