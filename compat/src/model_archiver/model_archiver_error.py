"""`model_archiver.model_archiver_error`."""

from servescope.cli.torchserve.model_archiver import ModelArchiverError

__all__ = ["ModelArchiverError"]
