"""Copying inputs into an archive, with word of how far that is. Called by `writer` and `workflow`."""

from collections.abc import Callable
from pathlib import Path
from typing import IO

Progress = Callable[[int, int], None]

_CHUNK_BYTES = 1 << 20


class Meter:
    """Reports what has been read of the inputs: the bytes done, and `total`."""

    def __init__(self, total: int = 0, progress: Progress | None = None) -> None:
        self._done = 0
        self._total = total
        self._progress = progress

    def advance(self, count: int) -> None:
        """So many bytes more."""
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)

    def copy(self, path: Path, into: IO[bytes]) -> None:
        """Put a file's bytes into a member of the archive."""
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                into.write(chunk)
                self.advance(len(chunk))
