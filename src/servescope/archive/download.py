"""Copying an archive from elsewhere into an open file: a file's path or an `http(s)://` URL in, bytes and progress out.

`source.ArchiveSource` calls these, names the file and turns what goes wrong into the client's error. A redirect is
followed only to where the same allow list lets it, which is why the redirects are followed here and not by httpx.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from servescope.config.shown_url import shown_url

if TYPE_CHECKING:
    import httpx

Progress = Callable[[int, int | None], None]

MAX_REDIRECTS = 5
_CHUNK_BYTES = 1 << 20


class TransferError(Exception):
    """A transfer that did not succeed, and why; `source` wraps it."""


def path_of_file_url(url: str) -> Path:
    """The path that a `file://` URL names.

    Raises:
        TransferError: another host's file, or a path with `..` in disguise.
    """
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    if parts.netloc.lower() not in {"", "localhost"}:
        raise TransferError(f"a file:// URL cannot name the host {parts.hostname!r}")
    if ".." in path.parts:
        raise TransferError("'..' in the decoded path")
    return path


def copy_file(path: Path, into: IO[bytes], progress: Progress | None) -> None:
    """Copy a regular file.

    Raises:
        TransferError: it is none, or cannot be read.
    """
    try:
        # is_file first: opening a FIFO would wait for its writer, and a device never ends
        if not path.is_file():
            raise TransferError(f"{path} is not a regular file")
        total = path.stat().st_size
        with path.open("rb") as file:
            _copy(iter(lambda: file.read(_CHUNK_BYTES), b""), into, total, progress)
    except (OSError, ValueError) as error:
        raise TransferError(str(error)) from error


def copy_http_url(
    url: str, into: IO[bytes], progress: Progress | None, allowed: Callable[[str], bool], timeout_s: float
) -> None:
    """Download an `http(s)://` URL. `timeout_s` bounds the connect and each wait for bytes, in seconds, not the whole.

    Proxies are taken from the usual environment variables, as httpx does.

    Raises:
        TransferError: no connection, a status other than 200, a body cut short, or a redirect that `allowed` refuses.
    """
    import httpx  # slow to import, and a server without remote archives never needs it

    # identity: the archive's own bytes are wanted, and a length to measure progress by
    headers = {"Accept-Encoding": "identity"}
    try:
        with httpx.Client(timeout=timeout_s, follow_redirects=False, headers=headers) as client:
            request = client.build_request("GET", url)
            for _ in range(MAX_REDIRECTS + 1):
                response = client.send(request, stream=True)
                try:
                    if response.next_request is None:
                        return _copy_response(response, into, progress)
                    request = response.next_request
                finally:
                    response.close()
                if not allowed(str(request.url)):
                    there = shown_url(str(request.url))
                    raise TransferError(f"redirected to {there}, which allowed_urls does not match")
            raise TransferError(f"redirected more than {MAX_REDIRECTS} times")
    except httpx.InvalidURL as error:  # its text may quote what stands where a password does
        raise TransferError("it is no URL; are all signs in its password percent-encoded?") from error
    except (httpx.HTTPError, OSError, ValueError) as error:
        raise TransferError(f"{type(error).__name__}: {error}") from error


def _copy_response(response: "httpx.Response", into: IO[bytes], progress: Progress | None) -> None:
    if response.status_code != 200:
        raise TransferError(f"the server answered {response.status_code}")
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isdecimal() else None
    _copy(response.iter_raw(_CHUNK_BYTES), into, total, progress)


def _copy(chunks: Iterable[bytes], into: IO[bytes], total: int | None, progress: Progress | None) -> None:
    done = 0
    for chunk in chunks:
        into.write(chunk)
        done += len(chunk)
        if progress is not None:
            progress(done, total)
