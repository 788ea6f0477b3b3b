"""What is remembered, in a file: in, rings; out, bytes that another start of the server fills its rings with.

One MessagePack document, replaced in one step. A file of another shape, or a broken one, is said to be so and left alone until
it is written anew. Called by `server.apis.console`.
"""

import logging
import secrets
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from servescope.console.history.kept import Column
from servescope.console.history.ring import Ring

logger = logging.getLogger("servescope.console")

_SHAPE: Final = 1
_MOST: Final = 512 * 1024 * 1024


class _Track(msgspec.Struct, array_like=True):
    """A track's columns by name and what tells them apart, and its histograms' bounds."""

    track: tuple[str, str]
    columns: list[tuple[str, str | float, bytes]]
    bounds: dict[str, list[float]]


class _Ring(msgspec.Struct, array_like=True):
    step_s: float
    size: int
    latest: int
    stamps: bytes
    tracks: list[_Track]


class _File(msgspec.Struct):
    shape: int
    rings: list[_Ring]


def packed(rings: Sequence[Ring]) -> bytes:
    """The rings as they are, on the loop's thread."""
    return msgspec.msgpack.encode(_File(_SHAPE, [_packed(ring) for ring in rings]))


def write(path: Path, content: bytes) -> None:
    """Replace the file. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def read(path: Path, rings: Sequence[Ring]) -> None:
    """Fill the rings; those of another step or size stay empty. What is wrong with the file is logged."""
    try:
        if not path.exists():
            return
        if path.stat().st_size > _MOST:
            raise ValueError(f"it has more than {_MOST} bytes")
        found = msgspec.msgpack.decode(path.read_bytes(), type=_File)
        if found.shape != _SHAPE:
            raise ValueError(f"it has the shape {found.shape}, and not {_SHAPE}")
        filled = [(ring, _unpacked(ring, one)) for ring, one in zip(rings, found.rings, strict=True)]
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        logger.warning("console_history_file=%s cannot be read, and the console begins anew: %s", path, error)
        return
    for ring, contents in filled:
        if contents is not None:
            ring.stamps, ring.latest, ring.tracks, ring.bounds = contents


def _packed(ring: Ring) -> _Ring:
    tracks = [
        _Track(
            track,
            [(name, which, kept.tobytes()) for (name, which), kept in columns.items()],
            {name: list(bounds) for name, bounds in ring.bounds.get(track, {}).items()},
        )
        for track, columns in ring.tracks.items()
    ]
    return _Ring(ring.step_s, ring.size, ring.latest, ring.stamps.tobytes(), tracks)


def _unpacked(ring: Ring, one: _Ring) -> tuple[Any, int, Any, Any] | None:
    """Raises ValueError where something is not as long as it must be."""
    if (one.step_s, one.size) != (ring.step_s, ring.size):
        return None
    tracks = {
        each.track: {(name, which): _column(ring, (name, which), kept) for name, which, kept in each.columns}
        for each in one.tracks
    }
    bounds = {each.track: {name: tuple(found) for name, found in each.bounds.items()} for each in one.tracks}
    return _array("q", one.stamps, ring.size), one.latest, tracks, bounds


def _column(ring: Ring, column: Column, content: bytes) -> "array[Any]":
    return _array(ring.blank(column).typecode, content, ring.size)


def _array(kind: str, content: bytes, size: int) -> "array[Any]":
    found = array(kind, content)
    if len(found) != size:
        raise ValueError(f"a column has {len(found)} steps, and not {size}")
    return found
