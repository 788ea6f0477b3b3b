"""`workflow_archiver.manifest_components.manifest`."""

from datetime import datetime

from servescope.archive.manifest import ARCHIVER_VERSION
from servescope.cli.torchserve.exporting import ManifestBase

from .workflow import Workflow


class Manifest(ManifestBase):
    """MANIFEST.json, which is its text; `creation_time` is this machine's."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        created = datetime.now().strftime("%d/%m/%Y %H:%M:%S")
        super().__init__(
            {"createdOn": created, "workflow": workflow.workflow_dict, "archiverVersion": ARCHIVER_VERSION}
        )
