"""`ts.arg_parser`: the options of `torchserve`."""

from servescope.cli.torchserve.words import ArgParser

__all__ = ["ArgParser"]
