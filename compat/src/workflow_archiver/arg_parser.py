"""`workflow_archiver.arg_parser`: the options of torch-workflow-archiver."""

from argparse import ArgumentParser

from servescope.cli.torchserve.archivers import workflow_parser


class ArgParser:
    """Has the command's parser."""

    @staticmethod
    def workflow_archiver_args_parser() -> ArgumentParser:
        """The options of the command."""
        return workflow_parser()
