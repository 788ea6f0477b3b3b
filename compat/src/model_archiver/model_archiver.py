"""`model_archiver.model_archiver`."""

from servescope.cli.torchserve.model_archiver import ModelArchiver

__all__ = ["ModelArchiver"]
