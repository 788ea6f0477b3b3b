"""What is sent: in, files, and how the model is reached; out, whole requests as bytes. Called by `command`."""

import mimetypes
import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.parse import quote

from servescope.errors import ConfigurationError
from servescope.planner.load.completions import Completions
from servescope.planner.load.lengths import Lengths

_MOST_BYTES = 256 * 2**20


def prediction_path(model: str, version: str | None) -> str:
    """Where the inference API has a model."""
    return f"/predictions/{quote(model, safe='')}" + (f"/{quote(version, safe='')}" if version else "")


def requests_of(files: Sequence[Path], path: str, host: str, token: str | None) -> list[bytes]:
    """One a file, sent in turn; one without a body where there is none.

    Raises:
        ConfigurationError: a file cannot be read, or all of them together are too large.
    """
    bodies = [(_content_type(path), _read(path)) for path in files] or [("application/octet-stream", b"")]
    size = sum(len(body) for _, body in bodies)
    if size > _MOST_BYTES:
        raise ConfigurationError(f"--payload: {size:,} bytes in {len(files)} files are more than {_MOST_BYTES:,}")
    return [whole(path, host, token, kind, body) for kind, body in bodies]


def completion_path(model: str, version: str) -> str:
    """Where the inference API has OpenAI's completions of one version."""
    return f"{prediction_path(model, version)}/v1/completions"


def completions_of(
    model: str, lengths: Sequence[Lengths], path: str, host: str, token: str | None, chance: random.Random
) -> Sequence[bytes]:
    """Requests of these lengths, which name the model."""
    return Completions(model, lengths, chance, partial(whole, path, host, token, "application/json"))


def whole(path: str, host: str, token: str | None, kind: str, body: bytes) -> bytes:
    """A request as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _content_type(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"--payload {str(path)!r} cannot be read: {error.strerror}") from error
