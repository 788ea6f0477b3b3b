"""`model_archiver.model_archiver_config`."""

from servescope.cli.torchserve.model_archiver import ModelArchiverConfig

__all__ = ["ModelArchiverConfig"]
