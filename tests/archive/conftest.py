"""Archives made by hand, member by member, so that tests can make what no packer would."""

import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

MANIFEST = {"runtime": "python", "model": {"modelName": "m", "modelVersion": "2.0", "handler": "h.py"}}


@pytest.fixture
def make_zip(tmp_path: Path) -> Callable[..., Path]:
    """A function from file names (or ZipInfos) and contents to the path of a .mar with a good manifest."""

    def make(
        files: dict[str | zipfile.ZipInfo, bytes] | None = None, name: str = "m.mar", manifest: object = MANIFEST
    ) -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            if manifest is not None:
                archive.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
            for member, data in (files or {}).items():
                archive.writestr(member, data)
        return path

    return make


@pytest.fixture
def make_tgz(tmp_path: Path) -> Callable[..., Path]:
    """A function from TarInfos and contents to the path of a .tar.gz that has a good manifest under `m/`."""

    def make(*members: tuple[tarfile.TarInfo, bytes], name: str = "m.tar.gz") -> Path:
        path = tmp_path / name
        manifest = tarfile.TarInfo("m/MAR-INF/MANIFEST.json")
        with tarfile.open(path, "w:gz") as archive:
            for info, data in ((manifest, json.dumps(MANIFEST).encode()), *members):
                info.size = len(data) or info.size
                archive.addfile(info, io.BytesIO(data) if data else None)
        return path

    return make
