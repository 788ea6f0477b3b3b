"""`workflow_archiver.workflow_packaging`: packs a workflow, step by step; `python -m workflow_archiver.workflow_packaging` is the
command.
"""

from argparse import Namespace

from servescope.cli.torchserve.archivers import main_workflow

from .arg_parser import ArgParser
from .workflow_packaging_utils import WorkflowExportUtils


def package_workflow(args: Namespace, manifest: str) -> None:
    """Pack a workflow, of the command's options, with this manifest.

    Raises:
        WorkflowArchiverError: an option that cannot be used, or an archive that exists without `force`.
        OSError: a file cannot be read or written.
    """
    WorkflowExportUtils.validate_inputs(args.workflow_name, args.export_path)
    directory = WorkflowExportUtils.check_war_already_exists(args.workflow_name, args.export_path, args.force)
    files = {"spec_file": args.spec_file, "handler": args.handler, "extra_files": args.extra_files}
    gathered = WorkflowExportUtils.copy_artifacts(args.workflow_name, **files)
    try:
        WorkflowExportUtils.archive(directory, args.workflow_name, gathered, manifest)
    finally:
        WorkflowExportUtils.clean_temp_files([gathered])


def generate_workflow_archive() -> None:
    """Pack what this process's command line says. Raises: see `package_workflow`."""
    args = ArgParser.workflow_archiver_args_parser().parse_args()
    package_workflow(args, manifest=WorkflowExportUtils.generate_manifest_json(args))


if __name__ == "__main__":
    main_workflow()
