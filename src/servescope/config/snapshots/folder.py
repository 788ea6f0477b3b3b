"""The folder of snapshots, `{LOG_LOCATION}/config`: in, a snapshot's bytes and the time; out, its file, and at a start the newest
that is whole. Called by `choice` and `runtime` at a start, by `server.snapshots` on a thread, by `cli.snapshots`.

A file is written under a name that nobody reads, synced, and renamed: wherever that is cut off, the files before are there, whole.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from errno import EEXIST, EINVAL
from pathlib import Path
from typing import Literal

from msgspec import Struct

from servescope.config.snapshots.file import MODEL_SNAPSHOT, DamagedSnapshot, is_ours, read
from servescope.config.snapshots.saved import SavedModels, parse_saved_models
from servescope.config.values.parsers import GivenValue
from servescope.errors import ConfigurationError

Occasion = Literal["startup", "snapshot", "shutdown"]

KEPT = 100
_NAME = re.compile(r"(\d{17})-(startup|snapshot|shutdown)\.cfg", re.ASCII)
_PARTIAL = ".part"
_NO_TIME = datetime.min.replace(tzinfo=UTC)


class Newest(Struct, frozen=True):
    """What a start goes on from. `damaged`: newer files that are not whole, each with the reason."""

    file: Path | None
    damaged: tuple[str, ...] = ()


class Snapshot(Struct, frozen=True):
    """What a file holds that is whole, and that a start can go on from."""

    properties: dict[str, str]
    models: SavedModels


class SnapshotFolder:
    """The snapshots in a directory, which is made when the first is written. Names are times in UTC."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def files(self) -> list[Path]:
        """All of them, the newest first; none where there is no such directory, or it cannot be read.

        Those whose names are no times, which no server has written, are the oldest.
        """
        try:
            names = [name for name in os.listdir(self.directory) if _NAME.fullmatch(name)]
        except OSError:
            return []
        found = [self.directory / name for name in names]
        return sorted(found, key=lambda file: (time_of(file) or _NO_TIME, file.name), reverse=True)

    def newest(self) -> Newest:
        """The newest that is whole."""
        damaged = []
        for file in self.files():
            try:
                open_snapshot(file)
            except (DamagedSnapshot, OSError) as error:
                damaged.append(f"{file}: {error}")
            else:
                return Newest(file, tuple(damaged))
        return Newest(None, tuple(damaged))

    def whole(self) -> Iterator[Snapshot]:
        """Each that is whole, the newest first."""
        for file in self.files():
            with suppress(DamagedSnapshot, OSError):
                yield open_snapshot(file)

    def write(self, content: bytes, occasion: Occasion, now: datetime) -> Path:
        """Write a snapshot, and remove the oldest of more than `KEPT` of ours; returns its file.

        Its name is later than all others', also where the clock was set back: the next start takes the last by name.

        Raises:
            OSError: it cannot be written; nothing of it is left, and the others are as they were.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        file = self.directory / f"{self._next(now)}-{occasion}.cfg"
        partial = file.with_name(f".{file.name}{_PARTIAL}")
        try:
            _write_through(partial, content)
            partial.rename(file)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        _sync_directory(self.directory)
        self._prune()
        return file

    def remove_partial(self) -> None:
        """Remove what a server that was killed was writing."""
        for partial in self.directory.glob(f".*{_PARTIAL}"):
            partial.unlink(missing_ok=True)

    def _next(self, now: datetime) -> str:
        stamp = _stamp(now)
        newest = next(iter(self.files()), None)
        if newest is None or (last := time_of(newest)) is None or _stamp(last) < stamp:
            return stamp
        try:
            return _stamp(last + timedelta(milliseconds=1))
        except OverflowError as error:
            raise OSError(EEXIST, f"no name is later than {newest.name}'s: remove it") from error

    def _prune(self) -> None:
        for file in self.files()[KEPT:]:
            with suppress(OSError):
                if is_ours(_content(file)):
                    file.unlink()


def open_snapshot(file: Path) -> Snapshot:
    """What it holds.

    Raises:
        DamagedSnapshot: it is not what was written, no snapshot, or one that no models can be restored from.
        OSError: it cannot be read.
    """
    properties = read(_content(file))
    try:
        models = parse_saved_models(GivenValue(MODEL_SNAPSHOT, properties[MODEL_SNAPSHOT], str(file), file.parent))
    except ConfigurationError as error:
        raise DamagedSnapshot(error.message) from error
    return Snapshot(properties, models)


def _content(file: Path) -> bytes:
    """Its bytes. Of a pipe, whose writer would be waited for, there are none."""
    if file.exists() and not file.is_file():
        raise OSError(EINVAL, "it is no file")
    return file.read_bytes()


def occasion_of(file: Path) -> str:
    """`startup`, `snapshot` or `shutdown`."""
    return file.stem.partition("-")[2]


def time_of(file: Path) -> datetime | None:
    """When a snapshot was taken, in UTC; None where its name does not tell."""
    try:
        return datetime.strptime(f"{file.name[:17]}000", "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return None


def _stamp(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y%m%d%H%M%S}{time.microsecond // 1000:03d}"


def _write_through(path: Path, content: bytes) -> None:
    """A new file that only its owner reads, as settings may hold passwords, whose bytes are on the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    """So that the name is on the disk too. The file is whole with or without: some file systems refuse it."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
