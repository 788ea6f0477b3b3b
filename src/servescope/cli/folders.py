"""Folders of generated files: in, a folder, a mark, files; out, the files, over earlier ones that carry the mark and nothing else.

Used by `simulate` and `kubernetes`, for `--out DIR` and `--force`.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath

from servescope.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class OwnFolder:
    """`mark`: what every generated file has in it. `author`: who makes them, for whoever reads an error."""

    folder: Path
    mark: str
    author: str

    def check(self, names: Iterable[str], *, force: bool) -> None:
        """Before the work is done: ConfigurationError, which names the folder, if these files may not be written there."""
        with self._named():
            if self.folder.exists() and not self.folder.is_dir():
                raise ConfigurationError(f"--out {self.folder}: it is no folder")
            if not self.folder.is_dir() or not any(self.folder.iterdir()):
                return
            if not force:
                raise ConfigurationError(f"--out {self.folder}: it has files already; give --force to write there")
            for name in names:
                self._check(name)

    def write(self, files: Mapping[str, bytes], outdated: Iterable[str] = ()) -> list[str]:
        """Write them, and remove generated ones that these patterns match and that are not among them; their names.

        Raises:
            ConfigurationError: that cannot be.
        """
        with self._named():
            found = {path.relative_to(self.folder).as_posix() for one in outdated for path in self.folder.glob(one)}
            removed = sorted(name for name in found - files.keys() if self._is_ours(self.folder / name))
            for name, content in files.items():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / name).write_bytes(content)
            for name in removed:
                (self.folder / name).unlink()
            return removed

    def _check(self, name: str) -> None:
        """No other's file is in the way, and no link or file where a folder is needed."""
        for parent in PurePath(name).parents[:-1]:
            place = self.folder / parent
            if place.is_symlink() or (place.exists() and not place.is_dir()):
                raise ConfigurationError(f"--out {self.folder}: {parent} is no folder of its own, and is left alone")
        if os.path.lexists(self.folder / name) and not self._is_ours(self.folder / name):
            raise ConfigurationError(f"--out {self.folder}: {name} was not made by {self.author}, and is left alone")

    def _is_ours(self, file: Path) -> bool:
        return file.is_file() and not file.is_symlink() and self.mark.encode() in file.read_bytes()

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ConfigurationError(f"--out {self.folder}: {error.strerror}") from error
