"""Where archives come from: a registration's `url` in, the path of a file or directory on this machine out.

`serving` calls `ArchiveSource.fetch` for each registration (in a thread: it blocks), and `list_store` for
`load_models=all`. Forms of URL, order of checks and error texts are TorchServe's.
"""

import logging
import os
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from servescope.archive.download import Progress, TransferError, copy_file_url, copy_http_url
from servescope.archive.downloaded import publish_download
from servescope.errors import ConfigurationError, DownloadFailed, FileExists, ModelNotFound, UrlRefused

STORE_SUFFIXES = (".mar", ".model", ".tar.gz")

_log = logging.getLogger("servescope.archive")
_REMOTE = re.compile(r"(file|https?)://", re.IGNORECASE)
_S3 = re.compile(r"s3://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A local archive. `downloaded`: it was copied into the model store, to be deleted when the model goes."""

    path: Path
    downloaded: bool


class ArchiveSource:
    """Resolves URLs against a model store and the patterns of `allowed_urls`.

    `allowed_urls` are matched in full, as compiled (the configuration compiles them case-insensitive). `timeout_s`,
    in seconds, bounds the connect and each wait for bytes of a download.
    """

    def __init__(
        self, model_store: Path | None, allowed_urls: Sequence[re.Pattern[str]], timeout_s: float = 60.0
    ) -> None:
        self._model_store = model_store
        self._allowed_urls = tuple(allowed_urls)
        self._timeout_s = timeout_s

    def fetch(self, url: str, progress: Progress | None = None) -> Fetched:
        """Find or download the archive at `url`; `progress` gets bytes done and, where known, in all.

        A name is looked up in the model store by its last component; an absolute path of an existing directory is
        that directory.

        Raises:
            ModelNotFound: empty or absent.
            UrlRefused: with `..`, `s3://`, or matched by no pattern of allowed_urls.
            DownloadFailed: the transfer failed; the log says why.
            FileExists: the model store has a file of that name already.
        """
        if not url:
            raise ModelNotFound("empty url")
        if ".." in url:
            raise UrlRefused(f"Relative path is not allowed in url: {url}")
        if _S3.match(url):
            raise UrlRefused(f"Model not found at: {url} (s3:// is not supported: give a presigned https:// URL)")
        if _REMOTE.match(url):
            return self._download(url, progress)
        return Fetched(self._local(url), downloaded=False)

    def _allowed(self, url: str) -> bool:
        return any(pattern.fullmatch(url) for pattern in self._allowed_urls)

    def _local(self, url: str) -> Path:
        # os.path, unlike pathlib, answers False where a name is too long or has a NUL in it
        if os.path.isabs(url) and os.path.isdir(url):
            return Path(url)
        name = PurePosixPath(url).name
        if self._model_store is not None and name and os.path.exists(self._model_store / name):
            return self._model_store / name
        if os.path.isdir(url):
            return Path(url)
        raise ModelNotFound(f"Model not found at: {url}")

    def _download(self, url: str, progress: Progress | None) -> Fetched:
        if not self._allowed(url):
            raise UrlRefused(f"Given URL {url} does not match any allowed URL(s)")
        with _transfer_errors_named(url):
            target = self._target(url)
            if os.path.lexists(target):
                raise FileExists(f"Model file already exists {target.name}")
            # Hidden, so that load_models=all does not see it, and in the same directory, so that it can be linked.
            partial = target.with_name(f".{uuid.uuid4().hex}.part")
            try:
                with partial.open("xb") as file:
                    self._transfer(url, file, progress)
                publish_download(partial, target)
            finally:
                partial.unlink(missing_ok=True)
        return Fetched(target, downloaded=True)

    def _target(self, url: str) -> Path:
        """Return where in the model store a remote archive goes: the last component of the URL's path, undecoded."""
        path = urlsplit(url).path
        if ".." in unquote(path):
            raise UrlRefused(f"Relative path is not allowed in url: {url}")
        name = PurePosixPath(path).name
        if self._model_store is None:
            raise TransferError("model_store is not set, so there is nowhere to put it")
        if not name:
            raise TransferError("the URL's path does not end in a file name")
        return self._model_store / name

    def _transfer(self, url: str, into: IO[bytes], progress: Progress | None) -> None:
        if url[:5].lower() == "file:":
            copy_file_url(url, into, progress)
        else:
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
    try:
        yield
    except (TransferError, OSError, ValueError) as error:
        # without its query, where presigned URLs have their secrets
        _log.warning("Download of %s failed: %s", url.partition("?")[0], error)
        raise DownloadFailed(f"Failed to download archive from: {url}") from error
