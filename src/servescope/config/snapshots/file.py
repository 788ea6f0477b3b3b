"""One snapshot file: in, properties and models, or a file's bytes; out, the bytes, or whether they are whole.

A properties file, as TorchServe's, that says in its second line what its other bytes add up to, and at its end who wrote it. So one
of ours is known by either end, and one that lacks the sum, or has another, is damaged. TorchServe's have none, and are believed.
Pure; called by `folder` and `load`.
"""

import hashlib
from collections.abc import Mapping

from servescope.config.properties import parse_properties, render_properties
from servescope.errors import ConfigurationError

MODEL_SNAPSHOT = "model_snapshot"
WRITER = "snapshot_writer"
_HEAD = (
    b"# Snapshot of Servescope: a start without --ncs goes on from the last one. `servescope snapshots` lists them.\n"
)
_SUM = b"# sha256="


class DamagedSnapshot(Exception):
    """A snapshot that is not whole, and what shows it."""


def render(properties: Mapping[str, str], models: str) -> bytes:
    """The bytes of a snapshot. `models`: what `saved.written` makes."""
    entries = {**properties, MODEL_SNAPSHOT: models}
    entries.pop(WRITER, None)
    body = render_properties({**dict(sorted(entries.items())), WRITER: "servescope"}).encode("ascii")
    return _HEAD + _SUM + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def read(content: bytes) -> dict[str, str]:
    """The properties of a snapshot, with `MODEL_SNAPSHOT` among them.

    Raises:
        DamagedSnapshot: it is not what was written, or no snapshot.
    """
    try:
        properties, _ = parse_properties(content, "it")
    except ConfigurationError as error:
        raise DamagedSnapshot(str(error)) from error
    if is_ours(content) or WRITER in properties:
        _check_sum(content)
    if MODEL_SNAPSHOT not in properties:
        raise DamagedSnapshot(f"it has no {MODEL_SNAPSHOT}")
    return properties


def is_ours(content: bytes) -> bool:
    """Whether it begins as one that this server has written."""
    return content.startswith(_HEAD[:24])


def _check_sum(content: bytes) -> None:
    head, _, rest = content.partition(b"\n")
    line, _, body = rest.partition(b"\n")
    if not head.startswith(b"#") or not line.startswith(_SUM):
        raise DamagedSnapshot("its checksum is missing")
    if hashlib.sha256(body).hexdigest().encode() != line.removeprefix(_SUM).strip():
        raise DamagedSnapshot("its checksum is another one: it was cut off or changed")
