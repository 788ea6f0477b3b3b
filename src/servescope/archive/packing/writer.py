"""Packing a model: `PackOptions` in, an archive in one of torch-model-archiver's four formats out.

`cli.archive` calls `pack`, and so does the demo. The output takes its name only when it is whole.
"""

import gzip
import io
import os
import shutil
import stat
import tarfile
import uuid
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO

from servescope.archive.manifest import ARCHIVER_VERSION, MANIFEST_PATH, Manifest, render_manifest
from servescope.archive.packing.handler import handler_in_archive
from servescope.archive.packing.inputs import ArchiveFormat, PackOptions, check_options, collect_inputs
from servescope.errors import ConfigurationError

__all__ = ["ArchiveFormat", "PackOptions", "pack"]

Progress = Callable[[int, int], None]

_CHUNK_BYTES = 1 << 20
_SUFFIXES = {ArchiveFormat.TGZ: ".tar.gz", ArchiveFormat.NO_ARCHIVE: ""}


def pack(options: PackOptions, progress: Progress | None = None, clock: Callable[[], datetime] = datetime.now) -> Path:
    """Write the archive and return its path: `{export_path}/{model_name}` and `.mar`, `.tar.gz` or nothing.

    `progress` gets the bytes of input done and in all; `clock` gives the manifest's `createdOn`. Members are in the
    order of their names, without owners, so that the same inputs at the same time give the same bytes.

    Raises:
        ConfigurationError: a value or an input that cannot be used, or an output that exists where `force` is not
            set; the text names the option and the value. With `force`, a directory is replaced only if it
            holds a model.
        OSError: an input cannot be read or the output not written; nothing is left behind.
    """
    check_options(options)
    suffix = _SUFFIXES.get(ArchiveFormat(options.archive_format), ".mar")
    output = options.export_path / f"{options.model_name}{suffix}"
    _check_output(output, options)
    inputs = collect_inputs(options, exclude=output)
    handler = handler_in_archive(options.handler, options.runtime, inputs)
    manifest = render_manifest(_manifest(options, handler, clock()))
    meter = _Meter(sum(path.stat().st_size for path in inputs.values()), progress)
    partial = options.export_path / f".{options.model_name}.{uuid.uuid4().hex}.part"
    try:
        _write(partial, options, inputs, manifest, meter)
        _replace(partial, output)
    finally:
        _remove(partial)
    return output


class _Meter:
    """Reports what has been read of the inputs."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done = 0
        self._total = total
        self._progress = progress

    def advance(self, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)

    def copy(self, path: Path, into: IO[bytes]) -> None:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                into.write(chunk)
                self.advance(len(chunk))


def _manifest(options: PackOptions, handler: str, now: datetime) -> Manifest:
    return Manifest(
        model_name=options.model_name,
        model_version=options.version,
        handler=handler,
        serialized_file=_base_name(options.serialized_file),
        model_file=_base_name(options.model_file),
        requirements_file=_base_name(options.requirements_file),
        config_file=_base_name(options.config_file),
        runtime=options.runtime,
        archiver_version=ARCHIVER_VERSION,
        created_on=now.strftime("%d/%m/%Y %H:%M:%S"),
    )


def _base_name(path: str | None) -> str | None:
    return os.path.basename(path) if path else None


def _check_output(output: Path, options: PackOptions) -> None:
    if not os.path.lexists(output):
        return
    if not options.force:
        raise ConfigurationError(f"{output} exists already: give --force to overwrite it")
    if output.is_dir() and not (output / MANIFEST_PATH).is_file() and any(output.iterdir()):
        raise ConfigurationError(f"--force: {output} is a directory that holds no model, and is not overwritten")


def _write(partial: Path, options: PackOptions, inputs: dict[str, Path], manifest: bytes, meter: _Meter) -> None:
    match options.archive_format:
        case ArchiveFormat.NO_ARCHIVE:
            _write_directory(partial, inputs, manifest, meter)
        case ArchiveFormat.TGZ:
            _write_tgz(partial, options.model_name, inputs, manifest, meter)
        case ArchiveFormat.ZIP_STORE:
            _write_zip(partial, zipfile.ZIP_STORED, inputs, manifest, meter)
        case _:
            _write_zip(partial, zipfile.ZIP_DEFLATED, inputs, manifest, meter)


def _write_zip(partial: Path, compression: int, inputs: dict[str, Path], manifest: bytes, meter: _Meter) -> None:
    with zipfile.ZipFile(partial, "x", compression) as archive:
        for name, path in inputs.items():
            info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
            info.compress_type = compression
            info.external_attr = (stat.S_IFREG | _mode(path)) << 16
            with archive.open(info, "w") as member:
                meter.copy(path, member)
        # the epoch of zip, so that the bytes depend on nothing but the contents
        info = zipfile.ZipInfo(MANIFEST_PATH)
        info.external_attr = (stat.S_IFREG | 0o644) << 16
        archive.writestr(info, manifest, compression)


def _write_tgz(partial: Path, model_name: str, inputs: dict[str, Path], manifest: bytes, meter: _Meter) -> None:
    with (
        partial.open("xb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for name, path in inputs.items():
            info = tarfile.TarInfo(f"{model_name}/{name}")
            info.size = path.stat().st_size
            info.mtime = int(path.stat().st_mtime)
            info.mode = _mode(path)
            with path.open("rb") as file:
                archive.addfile(info, _Watched(file, meter))
        info = tarfile.TarInfo(f"{model_name}/{MANIFEST_PATH}")
        info.size = len(manifest)
        archive.addfile(info, io.BytesIO(manifest))


class _Watched(io.RawIOBase):
    """A file whose reading a meter counts, for tarfile, which does its own copying."""

    def __init__(self, file: IO[bytes], meter: _Meter) -> None:
        super().__init__()
        self._file = file
        self._meter = meter

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._meter.advance(len(chunk))
        return chunk


def _write_directory(partial: Path, inputs: dict[str, Path], manifest: bytes, meter: _Meter) -> None:
    partial.mkdir()
    for name, path in inputs.items():
        target = partial / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            meter.copy(path, file)
        target.chmod(_mode(path))
    target = partial / MANIFEST_PATH
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(manifest)


def _mode(path: Path) -> int:
    """Permissions in the archive: of the file's own, only whether its owner may execute it."""
    return 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644


def _replace(partial: Path, output: Path) -> None:
    """Give the finished output its name; a file is replaced in one step, a directory is moved aside first."""
    if not output.is_dir() or output.is_symlink():
        if partial.is_dir():
            output.unlink(missing_ok=True)
        partial.replace(output)
        return
    old = output.with_name(f"{partial.name}.old")
    output.rename(old)
    partial.replace(output)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
