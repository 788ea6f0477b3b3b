"""Servescope: the model server you can see into."""

__version__ = "0.1.0"
