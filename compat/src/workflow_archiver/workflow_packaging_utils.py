"""`workflow_archiver.workflow_packaging_utils`: the steps of packing a workflow, each by itself."""

import os
from argparse import Namespace
from pathlib import Path

from servescope.archive.packing.inputs import check_export_path, check_name
from servescope.archive.packing.workflow import MANIFEST_PATH, WorkflowOptions, workflow_files, write_war
from servescope.cli.torchserve.exporting import ExportSteps, gathered, replaceable, taken
from servescope.errors import ServescopeError

from .manifest_components.manifest import Manifest
from .manifest_components.workflow import Workflow
from .workflow_archiver_error import WorkflowArchiverError


class WorkflowExportUtils(ExportSteps):
    """The steps. What is wrong with an option is a WorkflowArchiverError."""

    @staticmethod
    def get_archive_export_path(export_file_path: str | Path, workflow_name: str) -> str:
        """Where the archive will be."""
        return os.path.join(export_file_path, f"{workflow_name}.war")

    @staticmethod
    def check_war_already_exists(
        workflow_name: str, export_file_path: str | Path | None, overwrite: bool
    ) -> str | Path:
        """The directory for the archive: the working one, where none is given. Raises: WorkflowArchiverError: it is there."""
        directory = os.getcwd() if export_file_path is None else export_file_path
        output = WorkflowExportUtils.get_archive_export_path(directory, workflow_name)
        if (fault := taken(output, overwrite)) is not None:
            raise WorkflowArchiverError(fault)
        return directory

    @staticmethod
    def generate_workflow(args: Namespace) -> Workflow:
        """What a manifest says of the workflow."""
        return Workflow(workflow_name=args.workflow_name, spec_file=args.spec_file, handler=args.handler)

    @staticmethod
    def generate_manifest_json(args: Namespace) -> str:
        """The manifest."""
        return str(Manifest(workflow=WorkflowExportUtils.generate_workflow(args)))

    @staticmethod
    def copy_artifacts(workflow_name: str, **kwargs: str | None) -> str:
        """A new directory with copies of what is to be packed, by the options' names.

        Raises:
            WorkflowArchiverError: a file is missing, or cannot be packed.
        """
        given = {name.replace("-", "_"): value for name, value in kwargs.items() if value}
        options = WorkflowOptions(workflow_name=workflow_name, **{"spec_file": "", **given})
        try:
            return gathered(workflow_files(options, exclude=Path(workflow_name)))
        except ServescopeError as error:
            raise WorkflowArchiverError(error.message) from error

    @staticmethod
    def archive(export_file: str | Path, workflow_name: str, workflow_path: str, manifest: str) -> None:
        """Write the archive, of a directory and a manifest.

        Raises:
            WorkflowArchiverError: there is something in the directory that cannot be packed.
            OSError: a file cannot be read or written; nothing is left behind.
        """
        output = Path(WorkflowExportUtils.get_archive_export_path(export_file, workflow_name))
        try:
            files = replaceable(output, MANIFEST_PATH, workflow_path)
        except ServescopeError as error:
            raise WorkflowArchiverError(error.message) from error
        write_war(output, files, manifest.encode())

    @staticmethod
    def check_workflow_name_regex_or_exit(workflow_name: str) -> None:
        """Raises: WorkflowArchiverError: no name for a workflow."""
        try:
            check_name("--workflow-name", workflow_name)
        except ServescopeError as error:
            raise WorkflowArchiverError(error.message) from error

    @staticmethod
    def validate_inputs(workflow_name: str, export_path: str | Path) -> None:
        """Raises: WorkflowArchiverError: no name for a workflow, or no directory."""
        WorkflowExportUtils.check_workflow_name_regex_or_exit(workflow_name)
        try:
            check_export_path(Path(export_path))
        except ServescopeError as error:
            raise WorkflowArchiverError(error.message) from error
