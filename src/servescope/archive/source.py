"""Where archives come from: a registration's `url` in, the path of a file or directory on this machine out.

`serving` calls `ArchiveSource.fetch` for each registration (in a thread: it blocks), and `list_store` for
`load_models=all`. Forms of URL, order of checks and error texts are TorchServe's, which takes a path that exists for the store's
file of that name; that is not done here.
"""

import logging
import os
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from servescope.archive.download import Progress, TransferError, copy_file, copy_http_url, path_of_file_url
from servescope.archive.downloaded import publish_download
from servescope.config.shown_url import SCHEME, shown_url, without_secrets
from servescope.errors import ConfigurationError, DownloadFailed, ModelNotFound, UrlRefused

STORE_SUFFIXES = (".mar", ".model", ".tar.gz")

_log = logging.getLogger("servescope.archive")
_DOWNLOADED = ("file", "http", "https")


class Fetched(Struct, frozen=True):
    """A local archive. `downloaded`: it was copied into the model store, to be deleted when the model goes."""

    path: Path
    downloaded: bool


class ArchiveSource:
    """Resolves URLs against a model store and the patterns of `allowed_urls`.

    `allowed_urls` are matched in full, as compiled (the configuration compiles them case-insensitive). `timeout_s`,
    in seconds, bounds the connect and each wait for bytes of a download. `store_name`: what errors call the store.
    """

    def __init__(
        self,
        model_store: Path | None,
        allowed_urls: Sequence[re.Pattern[str]],
        timeout_s: float = 60.0,
        store_name: str = "model store",
    ) -> None:
        self._model_store = model_store
        self._allowed_urls = tuple(allowed_urls)
        self._timeout_s = timeout_s
        self._store_name = store_name

    def fetch(self, url: str, progress: Progress | None = None) -> Fetched:
        """Find or download the archive at `url`; `progress` gets bytes done and, where known, in all.

        A path is looked up in the model store, then at the path itself, where allowed_urls must let it as `file://`; one that
        is in neither stands for its last component in the store, as in TorchServe. What is in the store is used where it is.

        Raises:
            ModelNotFound: empty or absent.
            UrlRefused: with `..`, of a scheme that is not downloaded, or matched by no pattern of allowed_urls.
            DownloadFailed: the transfer failed; the log says why.
        """
        if not url:
            raise ModelNotFound("empty url")
        if ".." in url:
            raise UrlRefused(f"Relative path is not allowed in url: {shown_url(url)}")
        scheme = SCHEME.match(url)
        if scheme is None:
            return Fetched(self._local(url), downloaded=False)
        if scheme[1].lower() not in _DOWNLOADED:
            why = f"{scheme[0]} is not supported: give an http://, https:// (presigned, too) or file:// URL"
            raise UrlRefused(f"Model not found at: {shown_url(url)} ({why})")
        if not self._allowed(url):
            raise UrlRefused(f"Given URL {shown_url(url)} does not match any allowed URL(s)")
        with _transfer_errors_named(url):
            return self._remote(url, progress, is_file=scheme[1].lower() == "file")

    def _allowed(self, url: str) -> bool:
        return any(pattern.fullmatch(url) for pattern in self._allowed_urls)

    def _local(self, url: str) -> Path:
        # os.path, unlike pathlib, answers False where a name is too long or has a NUL in it
        name = PurePosixPath(url).name
        if self._model_store is not None and name and os.path.exists(there := self._model_store / url):
            return self._permitted(there)
        if os.path.exists(url):
            return self._permitted(Path(os.path.abspath(url)))
        if self._model_store is not None and name and os.path.exists(self._model_store / name):
            return self._model_store / name
        raise ModelNotFound(f"Model not found at: {shown_url(url)}")

    def _permitted(self, path: Path) -> Path:
        """Return a path that exists. Raises UrlRefused where it is neither in the store nor one that allowed_urls lets."""
        if not self._in_store(path) and not self._allowed(f"file://{path}"):
            refused = f"Given URL {path} is not in the {self._store_name}, and file://{path} matches no allowed URL(s)"
            raise UrlRefused(refused)
        return path

    def _in_store(self, path: Path) -> bool:
        """Whether a path leads into the model store, by its name or, where the way there goes over links, in the end."""
        store = self._model_store
        if store is None:
            return False
        return path.is_relative_to(store) or Path(os.path.realpath(path)).is_relative_to(os.path.realpath(store))

    def _remote(self, url: str, progress: Progress | None, *, is_file: bool) -> Fetched:
        target = self._target(url)
        if not is_file:
            return self._copied(target, lambda into: self._download(url, into, progress))
        path = path_of_file_url(url)
        if self._in_store(path) and path.is_file():
            return Fetched(path, downloaded=False)
        return self._copied(target, lambda into: copy_file(path, into, progress))

    def _target(self, url: str) -> Path:
        """Return where in the model store a remote archive goes: the last component of the URL's path, undecoded."""
        path = urlsplit(url).path
        if ".." in unquote(path):
            raise UrlRefused(f"Relative path is not allowed in url: {shown_url(url)}")
        name = PurePosixPath(path).name
        if self._model_store is None:
            raise TransferError(f"there is no {self._store_name}, so there is nowhere to put it")
        if not name:
            raise TransferError("the URL's path does not end in a file name")
        return self._model_store / name

    def _copied(self, target: Path, copy: Callable[[IO[bytes]], None]) -> Fetched:
        # Hidden, so that load_models=all does not see it, and in the same directory, so that it can be linked.
        partial = target.with_name(f".{uuid.uuid4().hex}.part")
        try:
            with partial.open("xb") as file:
                copy(file)
            return Fetched(publish_download(partial, target), downloaded=True)
        finally:
            partial.unlink(missing_ok=True)

    def _download(self, url: str, into: IO[bytes], progress: Progress | None) -> None:
        copy_http_url(url, into, progress, self._allowed, self._timeout_s)


def list_store(model_store: Path) -> list[str]:
    """List what `load_models=all` loads, sorted: each directory, `.mar`, `.model` and `.tar.gz` that is not hidden.

    Raises:
        ConfigurationError: model_store is no directory, or cannot be read.
    """
    try:
        entries = list(model_store.iterdir())
    except OSError as error:
        raise ConfigurationError(f"model_store {model_store}: {error.strerror}") from error
    return sorted(
        entry.name
        for entry in entries
        if not entry.name.startswith(".") and (entry.name.endswith(STORE_SUFFIXES) or entry.is_dir())
    )


@contextmanager
def _transfer_errors_named(url: str) -> Iterator[None]:
    shown = shown_url(url)
    try:
        yield
    except (TransferError, OSError, ValueError) as error:
        # a ValueError says of urlsplit that it is no URL, and may quote its password
        why = "it is no URL" if isinstance(error, ValueError) else without_secrets(str(error).replace(url, shown))
        _log.warning("Download of %s failed: %s", shown, why)
        raise DownloadFailed(f"Failed to download archive from: {shown}") from TransferError(why)
