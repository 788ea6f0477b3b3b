"""Packing a workflow: torch-workflow-archiver's options in, a `.war` out.

Called by `cli.torchserve.archivers`. Names and manifest are torch-workflow-archiver's (contract, section H). Unlike there, a
workflow needs no handler, and `--extra-files` takes directories and patterns, as for models.
"""

import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from servescope.archive.manifest import ARCHIVER_VERSION
from servescope.archive.packing.inputs import check_export_path, check_name, extra_files, merged, single_file
from servescope.archive.packing.meter import Meter
from servescope.archive.packing.output import check_output, whole
from servescope.archive.packing.zipped import write_zip
from servescope.archive.war.manifest import MANIFEST_PATH


@dataclass(frozen=True, slots=True)
class WorkflowOptions:
    """The options of torch-workflow-archiver, by its names; paths are relative to the working directory.

    `spec_file` is the YAML file with the models and the graph, `handler` a Python file with the graph's functions.
    `extra_files` is as in `PackOptions`.
    """

    workflow_name: str
    spec_file: str
    handler: str | None = None
    extra_files: str | None = None
    export_path: Path = Path()
    force: bool = False


def pack_workflow(options: WorkflowOptions, clock: Callable[[], datetime] = datetime.now) -> Path:
    """Write `{export_path}/{workflow_name}.war` and return its path. `clock` gives the manifest's `createdOn`.

    Raises:
        ConfigurationError: a value or an input that cannot be used, or an output that exists where `force` is not
            set; the text names the option and the value.
        OSError: an input cannot be read or the output not written; nothing is left behind.
    """
    check_name("--workflow-name", options.workflow_name)
    check_export_path(options.export_path)
    output = options.export_path / f"{options.workflow_name}.war"
    check_output(output, MANIFEST_PATH, force=options.force)
    write_war(output, workflow_files(options, output), json.dumps(_manifest(options, clock()), indent=2).encode())
    return output


def workflow_files(options: WorkflowOptions, exclude: Path) -> dict[str, Path]:
    """The files to pack, by their names in the archive. `exclude` is the output. Raises: ConfigurationError."""
    return merged(_named_files(options), MANIFEST_PATH, exclude)


def write_war(output: Path, inputs: Mapping[str, Path], manifest: bytes) -> None:
    """Write files, by their names in the archive, and a manifest. `output` takes its name only when it is whole.

    Raises:
        OSError: an input cannot be read or the output not written; nothing is left behind.
    """
    with whole(output) as partial:
        write_zip(partial, zipfile.ZIP_DEFLATED, inputs, (MANIFEST_PATH, manifest), Meter().copy)


def _named_files(options: WorkflowOptions) -> Iterator[tuple[str, Path]]:
    yield single_file("--spec-file", options.spec_file)
    if options.handler:
        yield single_file("--handler", options.handler)
    yield from extra_files(options.extra_files or "", keep_folders=False)


def _manifest(options: WorkflowOptions, now: datetime) -> dict[str, object]:
    workflow = {"workflowName": options.workflow_name, "specFile": os.path.basename(options.spec_file)}
    if options.handler:
        workflow["handler"] = os.path.basename(options.handler)
    return {
        "createdOn": now.strftime("%d/%m/%Y %H:%M:%S"),
        "workflow": workflow,
        "archiverVersion": ARCHIVER_VERSION,
    }
