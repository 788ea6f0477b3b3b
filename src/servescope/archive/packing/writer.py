"""Packing a model: `PackOptions` in, an archive in one of torch-model-archiver's four formats out.

`cli.archive` calls `pack`, and so does the demo. The output takes its name only when it is whole.
"""

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO

from servescope.archive.manifest import ARCHIVER_VERSION, MANIFEST_PATH, Manifest, render_manifest
from servescope.archive.packing.handler import handler_in_archive
from servescope.archive.packing.inputs import ArchiveFormat, PackOptions, check_options, collect_inputs
from servescope.archive.packing.meter import Meter, Progress
from servescope.archive.packing.output import check_output, whole
from servescope.archive.packing.zipped import mode_of, write_zip

__all__ = ["ArchiveFormat", "PackOptions", "archive_name", "manifest_of", "pack", "write_archive"]

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
    output = options.export_path / archive_name(options.model_name, options.archive_format)
    check_output(output, MANIFEST_PATH, force=options.force)
    inputs = collect_inputs(options, exclude=output)
    handler = handler_in_archive(options.handler, options.runtime, inputs)
    manifest = render_manifest(manifest_of(options, handler, clock()))
    meter = Meter(sum(path.stat().st_size for path in inputs.values()), progress)
    write_archive(output, options.archive_format, options.model_name, inputs, manifest, meter)
    return output


def archive_name(model_name: str, archive_format: str) -> str:
    """What an archive of this name and format is called on disk."""
    return f"{model_name}{_SUFFIXES.get(ArchiveFormat(archive_format), '.mar')}"


def write_archive(
    output: Path, archive_format: str, model_name: str, inputs: Mapping[str, Path], manifest: bytes, meter: Meter
) -> None:
    """Write files, by their names in the archive, and a manifest. `output` takes its name only when it is whole.

    Raises:
        OSError: an input cannot be read or the output not written; nothing is left behind.
    """
    with whole(output) as partial:
        match archive_format:
            case ArchiveFormat.NO_ARCHIVE:
                _write_directory(partial, inputs, manifest, meter)
            case ArchiveFormat.TGZ:
                _write_tgz(partial, model_name, inputs, manifest, meter)
            case _:
                stored = archive_format == ArchiveFormat.ZIP_STORE
                compression = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
                write_zip(partial, compression, inputs, (MANIFEST_PATH, manifest), meter.copy)


def manifest_of(options: PackOptions, handler: str, now: datetime) -> Manifest:
    """What an archive says of itself. `handler`: as the archive has it."""
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


def _write_tgz(partial: Path, model_name: str, inputs: Mapping[str, Path], manifest: bytes, meter: Meter) -> None:
    with (
        partial.open("xb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for name, path in inputs.items():
            info = tarfile.TarInfo(f"{model_name}/{name}")
            info.size = path.stat().st_size
            info.mtime = int(path.stat().st_mtime)
            info.mode = mode_of(path)
            with path.open("rb") as file:
                archive.addfile(info, _Watched(file, meter))
        info = tarfile.TarInfo(f"{model_name}/{MANIFEST_PATH}")
        info.size = len(manifest)
        archive.addfile(info, io.BytesIO(manifest))


class _Watched(io.RawIOBase):
    """A file whose reading a meter counts, for tarfile, which does its own copying."""

    def __init__(self, file: IO[bytes], meter: Meter) -> None:
        super().__init__()
        self._file = file
        self._meter = meter

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._meter.advance(len(chunk))
        return chunk


def _write_directory(partial: Path, inputs: Mapping[str, Path], manifest: bytes, meter: Meter) -> None:
    partial.mkdir()
    for name, path in inputs.items():
        target = partial / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            meter.copy(path, file)
        target.chmod(mode_of(path))
    target = partial / MANIFEST_PATH
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(manifest)
