"""`workflow_archiver.version`: what archives say that has written them."""

from servescope.archive.manifest import ARCHIVER_VERSION

__all__ = ["__version__"]
__version__ = ARCHIVER_VERSION
