"""Archives made by hand, member by member, so that tests can make what no packer would."""

import dataclasses
import functools
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from servescope.archive.packing.writer import PackOptions

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


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with a model's files and an empty `out`."""
    _write(
        tmp_path,
        {
            "src/h.py": b"def fn(data, context): ...",
            "w.pt": b"weights" * 1000,
            "net.py": b"class Net: ...",
            "r.txt": b"x==1",
            "c.yaml": b"minWorkers: 1",
            "extra/index.json": b"{}",
            "extra/sub/deep.txt": b"deep",
            "extra/sub/.hidden/x": b"no",
            "extra/sub/__pycache__/x.pyc": b"no",
            "extra/__MACOSX/x": b"no",
            "extra/.dotfile": b"yes",
            "a1.txt": b"1",
            "a2.txt": b"2",
        },
    )
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _write(root: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@pytest.fixture
def write() -> Callable[[Path, dict[str, bytes]], None]:
    """A function that writes files and the directories that they need below a directory."""
    return _write


@pytest.fixture
def options() -> Callable[..., PackOptions]:
    """A function from changes to the options of packing the model of `here` in full."""
    full = PackOptions(
        model_name="m",
        version="2.0",
        handler="src/h.py",
        serialized_file="w.pt",
        model_file="net.py",
        extra_files="extra,a?.txt, a1.txt,",
        export_path=Path("out"),
        requirements_file="r.txt",
        config_file="c.yaml",
    )
    return functools.partial(dataclasses.replace, full)
