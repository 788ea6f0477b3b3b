"""An archive's own description, `MAR-INF/MANIFEST.json`: bytes in, a checked `Manifest` out, and the way back.

`reader` parses what an archive carries, `writer` renders what it packs. Field names, defaults and the value set of
`runtime` are torch-model-archiver's; the checks are this project's, because file names here become paths.
"""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from servescope import TORCHSERVE_VERSION
from servescope.archive.json_fields import file_name_in, json_object, object_in, text_in
from servescope.errors import InvalidModel

MANIFEST_PATH = "MAR-INF/MANIFEST.json"
# The layout written here is that of torch-model-archiver's release of this number, so this is what `archiverVersion` says.
ARCHIVER_VERSION = TORCHSERVE_VERSION
DEFAULT_VERSION = "1.0"


class Runtime(StrEnum):
    """What runs a model's handler; `LSP` (TorchServe's C++ back end) can be packed and read, not run."""

    PYTHON = "python"
    PYTHON3 = "python3"
    LSP = "LSP"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself. File names are relative to its root; "" or None where it says nothing.

    `handler` is `file.py`, `file.py:function` or a default handler's name; `created_on` is `dd/mm/YYYY HH:MM:SS`.
    `raw` is the parsed JSON whole, with the keys that no field stands for.
    """

    model_name: str = ""
    model_version: str = DEFAULT_VERSION
    handler: str = ""
    serialized_file: str | None = None
    model_file: str | None = None
    requirements_file: str | None = None
    config_file: str | None = None
    runtime: str = Runtime.PYTHON.value
    archiver_version: str = ""
    created_on: str = ""
    raw: dict[str, Any] = field(default_factory=dict, hash=False)


def parse_manifest(data: bytes, source: str) -> Manifest:
    """Parse MANIFEST.json; `source` is the archive's URL, for the messages.

    A missing name or handler is no error here: the caller knows whether something stands in for it.

    Raises:
        InvalidModel: not a JSON object, a value of the wrong type, an unknown runtime, or a file name that
            is absolute or climbs with `..`; the text names the key, the value and `source`.
    """
    place = f"{MANIFEST_PATH} of {source}"
    raw = json_object(data, place)
    model = object_in(raw, "model", place)
    return Manifest(
        model_name=text_in(model, "modelName", place) or "",
        model_version=text_in(model, "modelVersion", place) or DEFAULT_VERSION,
        handler=file_name_in(model, "handler", place) or "",
        serialized_file=file_name_in(model, "serializedFile", place),
        model_file=file_name_in(model, "modelFile", place),
        requirements_file=file_name_in(model, "requirementsFile", place),
        config_file=file_name_in(model, "configFile", place),
        runtime=_runtime(raw, place),
        archiver_version=text_in(raw, "archiverVersion", place) or "",
        created_on=text_in(raw, "createdOn", place) or "",
        raw=raw,
    )


def render_manifest(manifest: Manifest) -> bytes:
    """Render as torch-model-archiver does: its keys in its order, absent values left out, two spaces of indent.

    `raw` is not consulted: what is rendered is what the fields say.
    """
    model = {
        "modelName": manifest.model_name,
        "serializedFile": manifest.serialized_file,
        "handler": manifest.handler,
        "modelFile": manifest.model_file,
        "modelVersion": manifest.model_version,
        "requirementsFile": manifest.requirements_file,
        "configFile": manifest.config_file,
    }
    document = {
        "createdOn": manifest.created_on,
        "runtime": manifest.runtime,
        "model": {key: value for key, value in model.items() if value},
        "archiverVersion": manifest.archiver_version,
    }
    return json.dumps(document, indent=2).encode()


def _runtime(raw: dict[str, Any], place: str) -> str:
    value = text_in(raw, "runtime", place) or Runtime.PYTHON.value
    if value not in set(Runtime):
        allowed = ", ".join(Runtime)
        raise InvalidModel(f"{place}: runtime is {value!r}, and must be one of {allowed}")
    return value
