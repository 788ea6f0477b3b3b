"""An archive's own description, `MAR-INF/MANIFEST.json`: bytes in, a checked `Manifest` out, and the way back.

`reader` parses what an archive carries, `writer` renders what it packs. Field names, defaults and the value set of
`runtime` are torch-model-archiver's; the checks are this project's, because file names here become paths.
"""

import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from servescope import TORCHSERVE_VERSION
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
    raw = _json_object(data, source)
    model = raw.get("model")
    if model is None:
        model = {}
    if not isinstance(model, dict):
        raise InvalidModel(f"{MANIFEST_PATH} of {source}: model is {model!r}, and must be an object")
    return Manifest(
        model_name=_text(model, "modelName", source) or "",
        model_version=_text(model, "modelVersion", source) or DEFAULT_VERSION,
        handler=_file_name(model, "handler", source) or "",
        serialized_file=_file_name(model, "serializedFile", source),
        model_file=_file_name(model, "modelFile", source),
        requirements_file=_file_name(model, "requirementsFile", source),
        config_file=_file_name(model, "configFile", source),
        runtime=_runtime(raw, source),
        archiver_version=_text(raw, "archiverVersion", source) or "",
        created_on=_text(raw, "createdOn", source) or "",
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


def check_file_name(value: str, what: str) -> str:
    """Return `value` if it can only name a file below an archive's root.

    Backslashes count as separators, so that an archive is no better for being read on another system.

    Raises:
        InvalidModel: absolute, with a `..` component, or with a control character; the text starts with `what`.
    """
    if re.match(r"[/\\]", value):
        raise InvalidModel(f"{what} is {value!r}: an absolute path is not allowed")
    if ".." in re.split(r"[/\\:]", value):
        raise InvalidModel(f"{what} is {value!r}: '..' is not allowed")
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise InvalidModel(f"{what} is {value!r}: control characters are not allowed")
    return value


def _json_object(data: bytes, source: str) -> dict[str, Any]:
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidModel(f"{MANIFEST_PATH} of {source} is not valid JSON: {error}") from error
    if not isinstance(raw, dict):
        raise InvalidModel(f"{MANIFEST_PATH} of {source} must be a JSON object, and is a {type(raw).__name__}")
    return raw


def _text(values: dict[str, Any], key: str, source: str) -> str | None:
    """Return a text; numbers become texts, because hand-written manifests say `"modelVersion": 2.0`."""
    value = values.get(key)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise InvalidModel(f"{MANIFEST_PATH} of {source}: {key} is {value!r}, and must be a string")


def _file_name(model: dict[str, Any], key: str, source: str) -> str | None:
    value = _text(model, key, source)
    return check_file_name(value, f"{MANIFEST_PATH} of {source}: {key}") if value else None


def _runtime(raw: dict[str, Any], source: str) -> str:
    value = _text(raw, "runtime", source) or Runtime.PYTHON.value
    if value not in set(Runtime):
        allowed = ", ".join(Runtime)
        raise InvalidModel(f"{MANIFEST_PATH} of {source}: runtime is {value!r}, and must be one of {allowed}")
    return value
