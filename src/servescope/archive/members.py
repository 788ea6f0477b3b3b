"""What lies in an archive file, format by format: a path in, a stream of `Member`s out, nothing written.

`extraction` consumes the stream. A member's name is as the archive has it; judging it is `extraction`'s part.
"""

import errno
import gzip
import logging
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path
from typing import IO

from msgspec import Struct

from servescope.errors import InvalidModel

_log = logging.getLogger("servescope.archive")

ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
ZIP_SUFFIXES = (".mar", ".war")
GZIP_MAGIC = b"\x1f\x8b"
# What such files hold may be told to a client, who can name any file of this machine.
_TOLD = (".model", ".tar.gz", ".tgz", ".zip")
# tarfile reads extended headers into memory in one go; no honest one comes near this.
MAX_READ_BYTES = 16 << 20
# What decoders and header parsers raise when bytes are not what they should be.
_CORRUPT = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
    IndexError,
)


class Kind(Enum):
    """What a member is; `DEVICE` stands for all that must never be made: devices, FIFOs, sockets."""

    FILE = auto()
    DIRECTORY = auto()
    SYMLINK = auto()
    HARDLINK = auto()
    DEVICE = auto()


class Member(Struct, frozen=True):
    """One entry. `size` is the declared expanded size in bytes; `target` is set for the two kinds of links.

    `strip` is the number of leading components to drop from `name` and from a hard link's `target`. `replaces`: an earlier file of
    the same name gives way to it, as in a tar that was appended to; readers of zips differ on which of the two counts.
    `open` yields the contents of a FILE, and is valid only until the next member is asked for.
    """

    name: str
    kind: Kind
    size: int
    executable: bool
    target: str
    strip: int
    replaces: bool
    open: Callable[[], IO[bytes]]


def members_of(path: Path, url: str, limit: int) -> Iterator[Member]:
    """Iterate over the members of an archive file, in its order; a tar is not decompressed beyond `limit` bytes.

    Zip is told by its first bytes. Anything else that is called `.mar` or `.war` is an archive without members, as
    it is to TorchServe, whose streaming reader finds no entry in it; the log says so. The rest is tar.gz, with one
    leading component to strip.

    Raises:
        InvalidModel: truncated, corrupt, encrypted, or no archive at all; the text names `url`.
    """
    if is_zip(path):
        return _zip_members(path, url)
    if path.suffix.lower() not in ZIP_SUFFIXES:
        _expect_gzip(path, url)
        return _tar_members(path, url, limit)
    _log.warning("%s is no zip file, and so an empty archive: it begins with %r", path.name, beginning_of(path))
    return iter(())


def is_zip(path: Path) -> bool:
    """Whether a file is read as a zip: it begins as one, or is called so and ends as one."""
    if beginning_of(path).startswith(ZIP_MAGICS):
        return True
    return path.suffix.lower() in ZIP_SUFFIXES and zipfile.is_zipfile(path)


def beginning_of(path: Path) -> bytes:
    """The first 40 bytes of a file: enough to tell what it is, a pointer of Git LFS for one."""
    with path.open("rb") as file:
        return file.read(40)


@contextmanager
def corruption_named(url: str) -> Iterator[None]:
    """Turn what the decoders raise on corrupt input into InvalidModel naming `url`."""
    try:
        yield
    except _CORRUPT as error:
        raise InvalidModel(f"Archive {url} is corrupt: {str(error) or type(error).__name__}") from error
    except OSError as error:
        # bz2 reports bad data without an errno, and a seek to where no file goes fails with EINVAL
        if error.errno not in {None, errno.EINVAL}:
            raise
        raise InvalidModel(f"Archive {url} is corrupt: {error}") from error
    except (NotImplementedError, RuntimeError) as error:
        # zipfile's words for a compression method it lacks and for a member that asks for a password
        raise InvalidModel(f"Archive {url} cannot be read: {error}") from error


def _expect_gzip(path: Path, url: str) -> None:
    begin = beginning_of(path)
    if not begin.startswith(GZIP_MAGIC):
        told = f"{begin!r} at its beginning" if path.name.endswith(_TOLD) else "something else"
        found = f"found {told}" if begin else "found an empty file"
        raise InvalidModel(f"Archive {url} is corrupt: {found}, expected a zip file or a tar.gz")


def _zip_members(path: Path, url: str) -> Iterator[Member]:
    with corruption_named(url), zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.orig_filename:  # on which older versions of the standard library trip, and newer ones do not
                raise zipfile.BadZipFile("a member has no name")
            mode = info.external_attr >> 16
            kind = _zip_kind(info, mode)
            target = ""
            if kind is Kind.SYMLINK:
                with archive.open(info) as file:
                    target = file.read(4096).decode("utf-8", "surrogateescape")
            yield Member(
                name=info.orig_filename,
                kind=kind,
                size=info.file_size,
                executable=bool(mode & stat.S_IXUSR),
                target=target,
                strip=0,
                replaces=False,
                open=lambda info=info: archive.open(info),  # type: ignore[misc]
            )


def _zip_kind(info: zipfile.ZipInfo, mode: int) -> Kind:
    if info.is_dir():
        return Kind.DIRECTORY
    # Writers on other systems leave the type bits empty: a plain file.
    kinds = {0: Kind.FILE, stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.DIRECTORY, stat.S_IFLNK: Kind.SYMLINK}
    return kinds.get(stat.S_IFMT(mode), Kind.DEVICE)


def _tar_members(path: Path, url: str, limit: int) -> Iterator[Member]:
    with corruption_named(url), _BoundedGzip(path, limit) as stream, tarfile.open(fileobj=stream, mode="r:") as archive:
        while (info := archive.next()) is not None:
            yield Member(
                name=info.name,
                kind=_tar_kind(info),
                size=info.size,
                executable=bool(info.mode & stat.S_IXUSR),
                target=info.linkname,
                strip=1,
                replaces=True,
                open=lambda info=info: _contents(archive, info),  # type: ignore[misc]
            )
            # tarfile would keep each header it has seen, for a look-up that is not made here
            archive.members.clear()  # type: ignore[attr-defined]
        while stream.read(MAX_READ_BYTES):
            pass  # to the end, where gzip's checksum is


def _tar_kind(info: tarfile.TarInfo) -> Kind:
    if info.isreg():
        return Kind.FILE
    if info.isdir():
        return Kind.DIRECTORY
    if info.issym():
        return Kind.SYMLINK
    return Kind.HARDLINK if info.islnk() else Kind.DEVICE


def _contents(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(info)
    if file is None:
        raise tarfile.ReadError(f"member {info.name!r} has no contents")
    return file


class _BoundedGzip(gzip.GzipFile):
    """A gzip stream that hands out no more than MAX_READ_BYTES at once, and than `limit` in all."""

    def __init__(self, path: Path, limit: int) -> None:
        super().__init__(path)
        self._limit = limit

    def read(self, size: int | None = -1) -> bytes:
        """Read as GzipFile does, and raise ReadError where a bound is passed."""
        if size is None or size < 0 or size > MAX_READ_BYTES:
            raise tarfile.ReadError(f"a header claims {size} bytes")
        if self.tell() > self._limit:
            raise tarfile.ReadError(f"it expands to more than {self._limit} bytes")
        return super().read(size)
