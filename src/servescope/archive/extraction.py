"""Unpacking an archive that may be hostile: a file in, a directory tree that holds nothing from outside it out.

`reader` calls `extract`. Nothing is ever written through a link, because links are made last, when all files are there,
and then each is checked to lead to something inside. On any failure the caller removes the directory.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct, field

from servescope.archive.json_fields import check_file_name
from servescope.archive.members import Kind, Member, corruption_named, members_of
from servescope.errors import InvalidModel

MAX_MEMBERS = 200_000
MIN_EXPANDED_BYTES = 1 << 30
MAX_RATIO = 100
_CHUNK_BYTES = 1 << 20
# The archive's fault: a name too long or unencodable, a file where a directory should be, or the reverse.
_BAD_PATHS = {errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EILSEQ, errno.EINVAL, errno.ELOOP}


def default_limit(compressed_bytes: int) -> int:
    """Return how many bytes an archive file of that size may expand to: 100 times as many, and 1 GiB in any case.

    Weights compress by a tenth or so and code by four; deflate's utmost, which bombs use, is 1 032.
    """
    return max(MIN_EXPANDED_BYTES, MAX_RATIO * compressed_bytes)


def extract(source: Path, url: str, destination: Path, limit: int) -> None:
    """Unpack the archive file `source` into the existing, empty directory `destination`.

    Sizes are counted twice, as declared (before a byte is written) and as really written. Owners, times and special
    mode bits are dropped; the owner's execute bit is kept.

    Raises:
        InvalidModel: corrupt; more than `limit` bytes or MAX_MEMBERS members; or a member that is absolute, climbs
            with `..`, is a device, a zip's second of its name, or a link that leads out; the text names `url` and the member.
        OSError: the disk is full or not writable.
    """
    tree = _Tree(destination, url, limit)
    for member in members_of(source, url, limit):
        tree.add(member)
    tree.make_links()


class _Tree(Struct):
    """A directory tree in the making."""

    root: Path
    url: str
    limit: int
    members: int = 0
    declared: int = 0
    written: int = 0
    links: list[tuple[Path, Member]] = field(default_factory=list)

    def add(self, member: Member) -> None:
        self._count(member)
        relative = self._relative(member, member.name)
        if member.kind is Kind.DEVICE:
            raise self._refusal(member, "it is neither a file, a directory nor a link")
        if not relative:
            return  # the root itself
        path = self.root / relative
        with self._bad_paths_named(member):
            if member.kind is Kind.DIRECTORY:
                path.mkdir(parents=True, exist_ok=True)
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            if member.kind is Kind.FILE:
                if not member.replaces and path.is_file():
                    raise self._refusal(member, "another member has this name")
                self._write(path, member)
            elif member.kind is Kind.HARDLINK:
                self._copy(path, member)
            else:
                self.links.append((path, member))

    def make_links(self) -> None:
        """Create the symbolic links, then see where each leads now that all are there."""
        for path, member in self.links:
            if os.path.isabs(member.target):
                raise self._refusal(member, f"it links to {member.target!r}, an absolute path")
            with self._bad_paths_named(member):
                path.symlink_to(member.target)
        root = os.path.realpath(self.root)
        for path, member in self.links:
            try:
                # strict: where the lenient form meets a path that is too long, it says what it has not checked
                end = os.path.realpath(path, strict=True)
            except OSError as error:
                raise self._refusal(member, f"it links to {member.target!r}, which is not there") from error
            if os.path.commonpath([root, end]) != root:
                raise self._refusal(member, f"it links to {member.target!r}, outside the archive")

    def _count(self, member: Member) -> None:
        self.members += 1
        if self.members > MAX_MEMBERS:
            raise InvalidModel(f"Archive {self.url} has more than {MAX_MEMBERS} members")
        if member.kind is Kind.FILE:
            self.declared += member.size
            self._check_size(self.declared, member)

    def _check_size(self, expanded: int, member: Member) -> None:
        if expanded > self.limit:
            raise self._refusal(member, f"with it the archive expands to more than {self.limit} bytes")

    def _relative(self, member: Member, name: str) -> str:
        """Return the path below the root that `name` stands for, "" for the root itself."""
        check_file_name(name, f"Archive {self.url} has a hostile member: its name")
        # As TorchServe strips: to the first slash, and a name that has none is kept.
        stripped = name.partition("/")[2] if member.strip and "/" in name else name
        parts = [part for part in stripped.split("/") if part not in {"", "."}]
        if member.strip and "/" not in name and member.kind is Kind.DIRECTORY:
            return ""
        return "/".join(parts)

    def _write(self, path: Path, member: Member) -> None:
        with corruption_named(self.url):
            source = member.open()
        with source, path.open("wb") as file:
            while True:
                with corruption_named(self.url):
                    chunk = source.read(_CHUNK_BYTES)
                if not chunk:
                    break
                self.written += len(chunk)
                self._check_size(self.written, member)
                file.write(chunk)
            if member.executable:
                os.fchmod(file.fileno(), 0o755)

    def _copy(self, path: Path, member: Member) -> None:
        """Stand in for a hard link with a copy of its target, which must be a file unpacked before."""
        target = self.root / self._relative(member, member.target)
        if not target.is_file():
            raise self._refusal(member, f"it links to {member.target!r}, which is no file of the archive")
        if path == target:
            return
        size = target.stat().st_size
        self.declared += size
        self.written += size
        self._check_size(self.declared, member)
        shutil.copy(target, path)

    def _refusal(self, member: Member, why: str) -> InvalidModel:
        return InvalidModel(f"Archive {self.url} has a hostile member {member.name!r}: {why}")

    @contextmanager
    def _bad_paths_named(self, member: Member) -> Iterator[None]:
        try:
            yield
        except UnicodeEncodeError as error:
            raise self._refusal(member, "its name is not text") from error
        except OSError as error:
            if error.errno not in _BAD_PATHS:
                raise
            raise self._refusal(member, f"it cannot be written: {error.strerror}") from error
