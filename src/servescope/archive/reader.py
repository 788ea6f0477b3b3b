"""From an archive on disk to a model directory that a worker can load: a file or directory in, an `Archive` out.

`serving` calls `open_archive` with what `source.ArchiveSource` fetched, and `remove_archive` when the model goes.
The directory layout (`{workspace}/models/{uuid}`) and what stands in for a missing name or handler are TorchServe's.
"""

import dataclasses
import re
import shutil
import uuid
from pathlib import Path

from msgspec import Struct, structs

from servescope.archive.contents import found_and_expected
from servescope.archive.downloaded import remove_download
from servescope.archive.extraction import default_limit, extract
from servescope.archive.json_fields import check_file_name
from servescope.archive.manifest import MANIFEST_PATH, Manifest, parse_manifest
from servescope.config.names import fault_of
from servescope.errors import InvalidModel, ServescopeError

MAX_TEXT_BYTES = 1 << 20


class Archive(Struct, frozen=True):
    """An opened archive. `directory` is where its files are: unpacked, or a symlink to the `source` directory.

    `url` is what the user registered, without its secrets; `config_text` is the text of the manifest's `configFile`
    (model-config.yaml).
    `owned`: the files in `directory` were unpacked for this model and go with it.
    `downloaded`: `source` was copied into the model store for this model, and goes with it too.
    `emptiness`: what was found where nothing was to be unpacked, for whoever waits for its workers; "" of all others.
    """

    manifest: Manifest
    directory: Path
    url: str
    source: Path
    config_text: str | None
    owned: bool
    downloaded: bool = False
    emptiness: str = ""

    def close(self, *, keep_download: bool = False) -> None:
        """Remove what was made for this archive; see `remove_archive`. `keep_download`: a snapshot names it."""
        remove_archive(structs.replace(self, downloaded=False) if keep_download else self)


def open_archive(
    source: Path,
    url: str,
    workspace: Path,
    default_handler: str | None,
    *,
    name: str | None = None,
    handler: str | None = None,
    fallback_name: str | None = None,
    downloaded: bool = False,
    limit: int | None = None,
) -> Archive:
    """Unpack `source` (or symlink it, where it is a directory) below `workspace` and read what it says of itself.

    `name` and `handler` are the registration's own and override the manifest; `default_handler` and `fallback_name`
    (the archive's file name, at startup) stand in where it has none. `limit` is the number of bytes that the archive
    may expand to, by default `extraction.default_limit`. Blocks; to be called in a thread.

    Raises:
        InvalidModel: hostile or corrupt, a bad manifest, no name or handler, or a name or version that no path can say.
        ServescopeError: the disk is full or not writable, or the source not readable; TorchServe's sentence (it has
            an InternalServerException for any IOException here) with the reason. After any error nothing is left,
            nor a `downloaded` source.
    """
    directory = workspace / "models" / uuid.uuid4().hex
    opened = Archive(Manifest(), directory, url, source, None, not source.is_dir(), downloaded)
    try:
        _populate(opened, limit)
        found = _read_manifest(directory, url)
        named = dataclasses.replace(
            found, model_name=name or _name_of(found, fallback_name), handler=handler or found.handler
        )
        manifest = _checked(named, opened, default_handler)
        config = _read_config(directory, manifest, url)
        return structs.replace(opened, manifest=manifest, config_text=config, emptiness=_emptiness(opened))
    except OSError as error:
        remove_archive(opened)
        raise ServescopeError(f"Failed to save model: {url}: {error.strerror or error}") from error
    except BaseException:
        remove_archive(opened)
        raise


def remove_archive(archive: Archive) -> None:
    """Delete the directory made for an archive, and its source where that was downloaded; a no-op the second time.

    A directory of the user's own is only unlinked.
    """
    if archive.directory.is_symlink():
        archive.directory.unlink(missing_ok=True)
    elif archive.owned:
        shutil.rmtree(archive.directory, ignore_errors=True)
    if archive.downloaded:
        remove_download(archive.source)


def name_from_file(file_name: str) -> str:
    """Name a model after its archive: `.mar`, `.war` or `.model` dropped, other non-word characters underscores."""
    return re.sub(r"\W", "_", re.sub(r"\.(mar|war|model)$", "", file_name), flags=re.ASCII)


def _populate(archive: Archive, limit: int | None) -> None:
    """Put an archive's files, or a link to them, where its `directory` says."""
    archive.directory.parent.mkdir(parents=True, exist_ok=True)
    if not archive.owned:
        archive.directory.symlink_to(archive.source.resolve(), target_is_directory=True)
        return
    if not archive.source.is_file():  # opening a pipe would wait for its writer
        raise InvalidModel(f"Archive {archive.url} is neither a file nor a directory")
    unpack(archive.source, archive.url, archive.directory, limit)


def unpack(source: Path, url: str, directory: Path, limit: int | None = None) -> None:
    """Unpack an archive's file into a directory that is made for it; raises what `extract` does."""
    directory.mkdir(parents=True)
    most = default_limit(source.stat().st_size) if limit is None else limit
    extract(source, url, directory, most)


def _emptiness(archive: Archive) -> str:
    if not archive.owned or any(archive.directory.iterdir()):
        return ""
    return found_and_expected(archive.source, archive.directory, "handler")


def _name_of(manifest: Manifest, fallback_name: str | None) -> str:
    return manifest.model_name or name_from_file(fallback_name or "")


def _checked(manifest: Manifest, archive: Archive, default_handler: str | None) -> Manifest:
    """Return the manifest if the model can be asked and run by what it says, with the default handler where it says none."""
    if not manifest.model_name:
        found = found_and_expected(archive.source, archive.directory, "modelName")
        raise InvalidModel(f"Model name is not defined. {found}")  # TorchServe's text, and what it is about
    for what, value in (("Model name", manifest.model_name), ("Model version", manifest.model_version)):
        if (fault := fault_of(value)) is not None:
            raise InvalidModel(f"{what} {fault}")
    check_file_name(manifest.handler, "Parameter handler")
    if not (manifest.handler or default_handler):
        found = found_and_expected(archive.source, archive.directory, "handler")
        missing = f"{archive.url} has no handler, and default_service_handler is not set"
        raise InvalidModel(f"Model handler is not defined: {missing}. {found}")
    return dataclasses.replace(manifest, handler=manifest.handler or default_handler or "")


def _read_manifest(directory: Path, url: str) -> Manifest:
    path = directory / MANIFEST_PATH
    if not path.exists():
        return Manifest()
    return parse_manifest(read_small(path, MANIFEST_PATH, url), url)


def _read_config(directory: Path, manifest: Manifest, url: str) -> str | None:
    if manifest.config_file is None:
        return None
    return read_text(directory / manifest.config_file, manifest.config_file, url)


def read_text(path: Path, name: str, url: str) -> str:
    """A small text file of an archive. Raises InvalidModel where there is none, or it is no UTF-8."""
    try:
        return read_small(path, name, url).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidModel(f"{name} of {url} is not UTF-8: {error}") from error


def read_small(path: Path, name: str, url: str) -> bytes:
    """The bytes of a small file of an archive. Raises InvalidModel where there is none, or it is not small."""
    if not path.is_file():
        raise InvalidModel(f"{name} of {url}: no such file in the archive")
    with path.open("rb") as file:
        data = file.read(MAX_TEXT_BYTES + 1)
    if len(data) > MAX_TEXT_BYTES:
        raise InvalidModel(f"{name} of {url} is larger than {MAX_TEXT_BYTES} bytes")
    return data
