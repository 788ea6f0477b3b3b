"""`workflow_archiver.manifest_components.workflow`."""

import os

from servescope.cli.torchserve.exporting import Described


class Workflow(Described):
    """What MANIFEST.json says of the workflow, which is its text. Of paths the last part counts; what is empty is left out."""

    def __init__(self, workflow_name: str, spec_file: str, handler: str | None) -> None:
        self.workflow_name = workflow_name
        self.spec_file = os.path.basename(spec_file)
        self.handler = os.path.basename(handler) if handler else None
        said = {"workflowName": workflow_name, "specFile": self.spec_file, "handler": self.handler}
        self.workflow_dict = {key: value for key, value in said.items() if value}
        super().__init__(self.workflow_dict)
