"""`torch-model-archiver` and `torch-workflow-archiver`, with the options of their releases for TorchServe 0.12.

In: the words. Out: an archive on disk, and the exit status: 1, with `ERROR - …` on standard error, where that cannot be made.
`archive.packing` does the work. `servescope archive` is the first of them under this project's own name.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from servescope.archive.manifest import Runtime
from servescope.archive.packing.inputs import ArchiveFormat, PackOptions
from servescope.archive.packing.workflow import WorkflowOptions, pack_workflow
from servescope.archive.packing.writer import pack
from servescope.cli.torchserve.script import run_script
from servescope.errors import ServescopeError

_log = logging.getLogger("servescope.archive")


def main_model() -> None:
    """The console script `torch-model-archiver`."""
    logging.basicConfig(format="%(levelname)s - %(message)s")
    run_script(lambda: archive_model(sys.argv[1:]))


def main_workflow() -> None:
    """The console script `torch-workflow-archiver`."""
    logging.basicConfig(format="%(levelname)s - %(message)s")
    run_script(lambda: archive_workflow(sys.argv[1:]))


def archive_model(words: Sequence[str]) -> int:
    """Pack a model; the exit status."""
    options = PackOptions(**vars(model_parser().parse_args(words)))
    return _told(lambda: pack(options))


def archive_workflow(words: Sequence[str]) -> int:
    """Pack a workflow; the exit status."""
    options = WorkflowOptions(**vars(workflow_parser().parse_args(words)))
    return _told(lambda: pack_workflow(options))


def model_parser() -> argparse.ArgumentParser:
    """The options of `torch-model-archiver`, by the names of `PackOptions`."""
    options = argparse.ArgumentParser(prog="torch-model-archiver", description="Pack a model and its handler.")
    add = options.add_argument
    add("--model-name", required=True, help="name of the model, and of the archive")
    add("--serialized-file", help="weights or program: .pt, .pth, .onnx or .so")
    add("--model-file", help="Python file with the model's class, for an eager-mode model")
    add("--handler", required=True, help="a Python file, or the name of a default handler")
    add("--extra-files", help="files, directories and patterns to add, separated by commas")
    add("--runtime", choices=tuple(map(str, Runtime)), default=str(Runtime.PYTHON), help="what runs the handler")
    add("--archive-format", choices=tuple(map(str, ArchiveFormat)), default=str(ArchiveFormat.DEFAULT),
        help="default: a deflated zip; zip-store: a stored one; tgz: a .tar.gz; no-archive: a directory")  # fmt: skip
    add("-v", "--version", required=True, help="version of the model")
    add("-r", "--requirements-file", help="requirements.txt of the model's own packages")
    add("-c", "--config-file", help="model-config.yaml: batching, workers, devices")
    _add_output(options)
    return options


def workflow_parser() -> argparse.ArgumentParser:
    """The options of `torch-workflow-archiver`, by the names of `WorkflowOptions`."""
    options = argparse.ArgumentParser(prog="torch-workflow-archiver", description="Pack a workflow.")
    add = options.add_argument
    add("--workflow-name", required=True, help="name of the workflow, and of the archive")
    add("--spec-file", required=True, help="YAML file with the workflow's models and their graph")
    add("--handler", help="Python file with the graph's functions")
    add("--extra-files", help="files, directories and patterns to add, separated by commas")
    _add_output(options)
    return options


def _add_output(options: argparse.ArgumentParser) -> None:
    options.add_argument("--export-path", type=Path, default=Path(), help="directory to put the archive in")
    options.add_argument("-f", "--force", action="store_true", help="overwrite an existing archive")


def _told(pack_it: Callable[[], Path]) -> int:
    try:
        pack_it()
    except (ServescopeError, OSError) as error:
        _log.error("%s", error)
        return 1
    return 0
