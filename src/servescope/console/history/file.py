"""What is remembered, in a file: in, rings; out, pieces of bytes that another start of the server fills its rings with.

A line that says what it is; pieces of MessagePack, each after its length: one that describes the rings, and one for each track; and
the SHA-256 of all that. Replaced in one step. A file of another shape, or a broken one, is said to be so and left alone until it is
written anew. Called by `server.apis.console`.
"""

import hashlib
import logging
import re
import secrets
from array import array
from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from servescope.console.history.kept import Column, Track
from servescope.console.history.ring import Ring, kind

logger = logging.getLogger("servescope.console")

SHAPE: Final = 2
_HEAD: Final = re.compile(rb"servescope console history ([0-9]{1,9})\n")
_LENGTH: Final = 8
_DIGEST: Final = hashlib.sha256().digest_size
_MOST: Final = 512 * 1024 * 1024


class _Ring(msgspec.Struct, array_like=True):
    """`tracks`: how many pieces are this ring's."""

    step_s: float
    size: int
    latest: int
    stamps: bytes
    tracks: int


class _Track(msgspec.Struct, array_like=True):
    """A track's columns by name and what tells them apart, and its histograms' bounds."""

    track: Track
    columns: list[tuple[str, str | float, bytes]]
    bounds: dict[str, list[float]]


def packing(rings: Sequence[Ring]) -> Generator[None, None, list[bytes] | None]:
    """The pieces, track by track, with others let run in between; None where a step was taken meanwhile."""
    stamps = [ring.stamps.tobytes() for ring in rings]
    described: list[_Ring] = []
    pieces: list[bytes] = []
    for ring in rings:
        before = len(pieces)
        for track in list(ring.tracks):
            if track in ring.tracks:  # it may go meanwhile
                pieces.append(msgspec.msgpack.encode(_packed(ring, track)))
                yield
        described.append(_Ring(ring.step_s, ring.size, ring.latest, ring.stamps.tobytes(), len(pieces) - before))
    if stamps != [ring.stamps for ring in described]:
        return None
    return [msgspec.msgpack.encode(described), *pieces]


def write(path: Path, pieces: Sequence[bytes]) -> None:
    """Replace the file; on a thread, as it takes a while. Raises OSError."""
    _check(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    digest = hashlib.sha256()
    try:
        with temporary.open("wb") as file:
            for part in _parts(pieces):
                digest.update(part)
                file.write(part)
            file.write(digest.digest())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def read(path: Path, rings: Sequence[Ring]) -> None:
    """Fill the rings; those of another step or size stay empty. What is wrong with the file is logged."""
    try:
        if not path.exists():
            return
        _check(path)
        if path.stat().st_size > _MOST:
            raise ValueError(f"it has more than {_MOST} bytes")
        pieces = _pieces(path.read_bytes())
        described = msgspec.msgpack.decode(next(pieces, b""), type=list[_Ring])
        filled = [
            (ring, one, _unpacked(one, islice(pieces, one.tracks))) for ring, one in zip(rings, described, strict=True)
        ]
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        logger.warning("console_history_file=%s cannot be read, and the console begins anew: %s", path, error)
        return
    for ring, one, (stamps, tracks, bounds) in filled:
        if (one.step_s, one.size) == (ring.step_s, ring.size):
            ring.stamps, ring.latest, ring.tracks, ring.bounds = stamps, one.latest, tracks, bounds


def _check(path: Path) -> None:
    """Raises OSError where something else is there: a device would be replaced, and a pipe waited for."""
    if path.exists() and not path.is_file():
        raise OSError("it is no regular file")


def _parts(pieces: Sequence[bytes]) -> Iterator[bytes]:
    yield b"servescope console history %d\n" % SHAPE
    for piece in pieces:
        yield len(piece).to_bytes(_LENGTH)
        yield piece


def _pieces(content: bytes) -> Iterator[memoryview]:
    """Raises ValueError where it is no history, one of another shape, or not what was written."""
    head = _HEAD.match(content)
    if head is None:
        raise ValueError("it is no history of a console")
    if int(head[1]) != SHAPE:
        raise ValueError(f"it has the shape {int(head[1])}, and not {SHAPE}")
    whole = memoryview(content)
    if hashlib.sha256(whole[:-_DIGEST]).digest() != whole[-_DIGEST:]:
        raise ValueError("it was cut off, or changed, after it was written")
    at = head.end()
    while at < len(whole) - _DIGEST:
        length = int.from_bytes(whole[at : at + _LENGTH])
        yield whole[at + _LENGTH : at + _LENGTH + length]
        at += _LENGTH + length


def _packed(ring: Ring, track: Track) -> _Track:
    kept = [(name, which, values.tobytes()) for (name, which), values in ring.tracks[track].items()]
    return _Track(track, kept, {name: list(bounds) for name, bounds in ring.bounds.get(track, {}).items()})


def _unpacked(described: _Ring, pieces: Iterator[memoryview]) -> tuple[Any, Any, Any]:
    """Stamps, tracks and bounds. Raises ValueError where a column is not as long as it must be."""
    tracks: dict[Track, dict[Column, array[Any]]] = {}
    bounds = {}
    for piece in pieces:
        one = msgspec.msgpack.decode(piece, type=_Track)
        tracks[one.track] = {
            (name, which): _array(kind((name, which)), kept, described) for name, which, kept in one.columns
        }
        bounds[one.track] = {name: tuple(found) for name, found in one.bounds.items()}
    return _array("q", described.stamps, described), tracks, bounds


def _array(typecode: str, content: bytes, described: _Ring) -> "array[Any]":
    found = array(typecode, content)
    if len(found) != described.size:
        raise ValueError(f"a column has {len(found)} steps, and not {described.size}")
    return found
