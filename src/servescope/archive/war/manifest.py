"""A workflow archive's own description, `WAR-INF/MANIFEST.json`: bytes in, a checked `WarManifest` out.

`archive` parses it, `packing.workflow` writes it. Field names are torch-workflow-archiver's (contract, section H).
"""

from typing import Final

from msgspec import Struct

from servescope.archive.json_fields import file_name_in, json_object, object_in, text_in

MANIFEST_PATH: Final = "WAR-INF/MANIFEST.json"


class WarManifest(Struct, frozen=True):
    """File names are relative to the archive's root; "" where it says nothing. `handler`: of the nodes that are functions."""

    workflow_name: str = ""
    spec_file: str = ""
    handler: str = ""


def parse_war_manifest(data: bytes, source: str) -> WarManifest:
    """Parse MANIFEST.json; `source` is the archive's URL, for the messages.

    Raises:
        InvalidModel: not a JSON object, a value of the wrong type, or a file name that is absolute or climbs with `..`; the text
            names the key, the value and `source`.
    """
    place = f"{MANIFEST_PATH} of {source}"
    workflow = object_in(json_object(data, place), "workflow", place)
    return WarManifest(
        workflow_name=text_in(workflow, "workflowName", place) or "",
        spec_file=file_name_in(workflow, "specFile", place) or "",
        handler=file_name_in(workflow, "handler", place) or "",
    )
