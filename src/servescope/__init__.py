"""Servescope: the model server you can see into."""

__version__ = "0.1.0"
# The release whose handlers, archives and answers these are.
TORCHSERVE_VERSION = "0.12.0"
