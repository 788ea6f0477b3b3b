"""What is packed opens again with the same contents, in all four formats, and as torch-model-archiver packs it."""

import dataclasses
import os
import subprocess
import sys
import tarfile
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servescope.archive.packing.writer import ArchiveFormat, PackOptions, pack
from servescope.archive.reader import open_archive
from servescope.config.names import fault_of
from servescope.errors import ConfigurationError

NOW = datetime(2026, 2, 1, 3, 4, 5)
OUTPUTS = {"default": "m.mar", "zip-store": "m.mar", "tgz": "m.tar.gz", "no-archive": "m"}


def read(root: Path) -> dict[str, bytes]:
    return {
        os.path.relpath(os.path.join(directory, name), root): Path(directory, name).read_bytes()
        for directory, _, names in os.walk(root)
        for name in names
    }


def opened(path: Path, tmp_path: Path):
    return open_archive(path, path.name, tmp_path / "workspace", None)


CONTENTS = {
    "h.py": b"def fn(data, context): ...",
    "w.pt": b"weights" * 1000,
    "net.py": b"class Net: ...",
    "r.txt": b"x==1",
    "c.yaml": b"minWorkers: 1",
    "index.json": b"{}",
    "sub/deep.txt": b"deep",
    ".dotfile": b"yes",
    "a1.txt": b"1",
    "a2.txt": b"2",
}


@pytest.mark.parametrize("archive_format", list(ArchiveFormat))
def test_contents(here, options, archive_format):
    """Files, flattened directories and patterns are packed; hidden and cache directories are not."""
    path = pack(options(archive_format=archive_format), clock=lambda: NOW)
    assert path == Path("out") / OUTPUTS[archive_format]
    assert os.listdir("out") == [OUTPUTS[archive_format]]
    archive = opened(path, here)
    contents = read(archive.directory.resolve())
    contents.pop("MAR-INF/MANIFEST.json")
    assert contents == CONTENTS
    manifest = archive.manifest
    assert archive.config_text == "minWorkers: 1"
    assert (manifest.model_name, manifest.model_version, manifest.handler) == ("m", "2.0", "h.py")
    assert (manifest.serialized_file, manifest.model_file) == ("w.pt", "net.py")
    assert (manifest.requirements_file, manifest.created_on) == ("r.txt", "01/02/2026 03:04:05")


member_names = st.from_regex(r"[a-z0-9é _+\-][a-zA-Z0-9é ._+\-]{0,12}", fullmatch=True)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(
        st.lists(member_names, min_size=1, max_size=3).map("/".join), st.binary(max_size=3000), max_size=6
    ),
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_\-.]{0,12}", fullmatch=True),
    version=st.text(min_size=1, max_size=9).filter(lambda text: fault_of(text) is None),
)
@pytest.mark.parametrize("archive_format", list(ArchiveFormat))
def test_round_trip(tmp_path_factory, archive_format, files, name, version, write):
    """Any tree of files comes out as it went in, under any name and version."""
    tmp_path = tmp_path_factory.mktemp("round")
    kept = {
        path: data
        for path, data in files.items()
        if not any(f"{path}/" in f"{other}/" for other in files.keys() - {path})
    }
    write(tmp_path / "in", {"handler/h.py": b"code", **{f"extra/{path}": data for path, data in kept.items()}})
    (tmp_path / "in" / "extra").mkdir(exist_ok=True)
    path = pack(
        PackOptions(
            model_name=name,
            version=version,
            handler=f"{tmp_path}/in/handler/h.py:fn",
            extra_files=f"{tmp_path}/in/extra",
            archive_format=archive_format,
            export_path=tmp_path,
        )
    )
    archive = opened(path, tmp_path)
    contents = read(archive.directory.resolve())
    del contents["MAR-INF/MANIFEST.json"]
    assert contents == {"h.py": b"code", **kept}
    assert (archive.manifest.model_name, archive.manifest.model_version) == (name, version)
    assert archive.manifest.handler == "h.py:fn"


@pytest.mark.parametrize("archive_format", list(ArchiveFormat))
def test_like_torch_model_archiver(here, options, archive_format):
    """The real torch-model-archiver's archive opens in the reader, with the manifest and files that `pack` writes."""
    arguments = (
        "--model-name m --version 2.0 --handler src/h.py --serialized-file w.pt --model-file net.py"
        " --extra-files extra,a?.txt --export-path theirs -r r.txt -c c.yaml --archive-format"
    )
    (here / "theirs").mkdir()
    (here / "staging").mkdir()
    command = [sys.executable, "-m", "model_archiver.model_packaging", *arguments.split(), archive_format]
    # its staging directory is named after the model alone
    subprocess.run(command, check=True, cwd=here, env={**os.environ, "TMPDIR": str(here / "staging")})
    theirs = opened(here / "theirs" / OUTPUTS[archive_format], here)
    ours = opened(pack(options(archive_format=archive_format)), here)
    assert without_date(theirs.manifest) == without_date(ours.manifest)
    assert theirs.config_text == ours.config_text
    files = [read(archive.directory.resolve()) for archive in (theirs, ours)]
    assert files[0].keys() == files[1].keys()
    assert {name for name in files[0] if files[0][name] != files[1][name]} <= {"MAR-INF/MANIFEST.json"}


def without_date(manifest):
    assert manifest.created_on
    return dataclasses.replace(manifest, created_on="", raw={**manifest.raw, "createdOn": ""})


def test_forms(here, options):
    """The zips are deflated and stored; the tar has the model's name in front and nobody's name inside."""
    for archive_format, compression in (("default", zipfile.ZIP_DEFLATED), ("zip-store", zipfile.ZIP_STORED)):
        with zipfile.ZipFile(pack(options(archive_format=archive_format, force=True))) as archive:
            assert {info.compress_type for info in archive.infolist()} == {compression}
    with tarfile.open(pack(options(archive_format="tgz"))) as archive:
        assert all(info.name.startswith("m/") for info in archive)
        assert {(info.uid, info.uname) for info in archive} == {(0, "")}


@pytest.mark.parametrize("archive_format", ["default", "zip-store", "tgz"])
def test_same_bytes(here, options, archive_format):
    """The same inputs at the same time give the same bytes."""
    packed = [
        pack(options(archive_format=archive_format, force=True), clock=lambda: NOW).read_bytes() for _ in range(2)
    ]
    assert packed[0] == packed[1]


@pytest.mark.parametrize("archive_format", list(ArchiveFormat))
def test_progress(here, options, archive_format):
    """Progress ends at the sum of the inputs."""
    seen = []
    pack(options(archive_format=archive_format), lambda done, total: seen.append((done, total)))
    total = sum(map(len, CONTENTS.values()))
    assert seen[-1] == (total, total)


@pytest.mark.parametrize("archive_format", list(ArchiveFormat))
def test_existing_output(here, options, archive_format):
    """An output that exists is an error that names it, and is replaced as a whole with force."""
    path = pack(options(archive_format=archive_format))
    with pytest.raises(ConfigurationError, match=rf"^{path} already exists"):
        pack(options(archive_format=archive_format))
    pack(options(archive_format=archive_format, extra_files=None, version="3", force=True))
    archive = opened(path, here)
    assert archive.manifest.model_version == "3"
    assert not (archive.directory / "index.json").exists()
    assert os.listdir("out") == [path.name]


def test_force_spares_other_directories(here, options, write):
    """Force does not replace a directory that holds no model."""
    write(here, {"out/m/precious.txt": b"x"})
    with pytest.raises(ConfigurationError, match="out/m is a directory that holds no model"):
        pack(options(archive_format="no-archive", force=True))
    assert (here / "out/m/precious.txt").exists()


def test_output_among_the_inputs(here, options):
    """Packing the working directory into itself takes neither the old output nor the unfinished one along."""
    for _ in range(2):
        path = pack(options(extra_files=".", export_path=Path(), force=True))
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if name.endswith((".mar", ".part"))]


def test_failure_leaves_nothing(here, options):
    """An input that vanishes while others are packed ends the packing and the unfinished output."""

    def progress(done, total):
        (here / "w.pt").unlink(missing_ok=True)

    with pytest.raises(FileNotFoundError, match=r"w\.pt"):
        pack(options(), progress)
    assert os.listdir("out") == []
