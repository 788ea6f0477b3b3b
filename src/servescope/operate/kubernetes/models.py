"""Which models a server on the cluster loads: in, words as `NAME` or `NAME=ARCHIVE`; out, `ModelToServe`s.

Called by `servescope kubernetes`. An archive without a URL is a file that is put into the image, or that lies on the claim.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from servescope.archive.source import STORE_SUFFIXES
from servescope.errors import ConfigurationError
from servescope.operate.kubernetes.names import object_name

ARCHIVES: Final = "/archives"
_LONGEST_NAME: Final = 512
_NAMED: Final = re.compile(r"(?P<name>[^=/:]*)=(?P<archive>.*)")
_URL: Final = re.compile(r"(?:file|https?)://\S+", re.IGNORECASE)
_FILE: Final = re.compile(r"[^/,\\]{1,120}")


@dataclass(frozen=True, slots=True)
class ModelToServe:
    """`label`: what objects are called after it, of all models of a call another one. `archive`: a file's name, or a URL."""

    name: str
    label: str
    archive: str

    @property
    def is_remote(self) -> bool:
        """Whether the server has to fetch the archive."""
        return _URL.fullmatch(self.archive) is not None

    @property
    def named_at_start(self) -> bool:
        """Whether the start can be told its name; if not, the archive has to name it."""
        return not re.search(r"[,=/:]", self.name) and self.name == self.name.strip()

    def option(self, *, on_claim: bool) -> str:
        """`start`'s option for it. What is in the image is copied into the model store, where the server looks for archives."""
        where = self.archive
        if not self.is_remote and not on_claim:
            where = f"file://{ARCHIVES}/{quote(self.archive)}"
        return f"--models={self.name}={where}" if self.named_at_start else f"--models={where}"


def models_of(words: Sequence[str]) -> tuple[ModelToServe, ...]:
    """The models. Raises ConfigurationError, which names the word: none, one twice, one that cannot be."""
    if not words:
        raise ConfigurationError("MODEL is missing: name the models that the pods shall serve")
    found: list[ModelToServe] = []
    for word in words:
        name, archive = _split(word)
        _check_name(word, name)
        if any(one.name == name for one in found):
            raise ConfigurationError(f"MODEL {name!r} is given twice")
        label = object_name(name, [one.label for one in found])
        found.append(ModelToServe(name, label, _checked_archive(word, archive) if archive else f"{label}.mar"))
    files = [one.archive for one in found]
    if twice := next((one for one in found if files.count(one.archive) > 1), None):
        raise ConfigurationError(f"MODEL {twice.name!r}: another one has the archive {twice.archive!r} too")
    return tuple(found)


def _split(word: str) -> tuple[str, str]:
    """Name and archive; "" where the word is all name, as one with `=` in it may be."""
    match = _NAMED.fullmatch(word)
    if match is None:
        return word, ""
    name, archive = match["name"], match["archive"]
    if _URL.fullmatch(archive) or archive.endswith(STORE_SUFFIXES):
        return name, archive
    if not archive or re.search("[/:]", archive):
        files = ", ".join(STORE_SUFFIXES)
        raise ConfigurationError(f"MODEL {word!r}: {archive!r} is neither a URL nor a file's name with {files}")
    return word, ""


def _check_name(word: str, name: str) -> None:
    if not name.strip():
        raise ConfigurationError(f"MODEL {word!r} has no name")
    if name == word and (_URL.fullmatch(word) or word.endswith(STORE_SUFFIXES)):
        raise ConfigurationError(f"MODEL {word!r} is an archive: give its model a name, as NAME={word}")
    if not name.isprintable():
        raise ConfigurationError(f"MODEL {word!r}: a name has no control characters, and is Unicode")
    if len(name) > _LONGEST_NAME:
        raise ConfigurationError(
            f"MODEL {name[:40]!r}…: its name has {len(name)} characters, more than {_LONGEST_NAME}"
        )


def _checked_archive(word: str, archive: str) -> str:
    # The start takes commas for ends, and no path that leads upwards.
    if ".." in archive or "," in archive or not archive.isprintable():
        raise ConfigurationError(f"MODEL {word!r}: an archive's name or URL has no comma and no ..")
    if not _URL.fullmatch(archive) and not _FILE.fullmatch(archive):
        raise ConfigurationError(
            f"MODEL {word!r}: {archive!r} is neither a URL nor the name of a file, without folders"
        )
    return archive
