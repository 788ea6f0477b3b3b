"""An archive opens into a directory of its own, with what the registration says put over what it says of itself."""

import logging
import os
import re
import shutil
import zipfile

import pytest

from servescope.archive.reader import name_from_file, open_archive
from servescope.errors import InvalidModel, ServescopeError


@pytest.fixture
def workspace(tmp_path):
    return tmp_path / "workspace"


def open_at(source, workspace, **options):
    return open_archive(source, source.name, workspace, options.pop("default_handler", None), **options)


def is_clean(workspace):
    return list((workspace / "models").iterdir()) == []


def test_zip(make_zip, workspace):
    """A .mar unpacks below workspace/models, and closing removes that and leaves the .mar."""
    source = make_zip({"h.py": b"code", "sub/x": b"x"})
    archive = open_at(source, workspace)
    assert archive.manifest.model_name == "m"
    assert archive.manifest.model_version == "2.0"
    assert archive.directory.parent == workspace / "models"
    assert (archive.directory / "sub" / "x").read_bytes() == b"x"
    assert archive.owned
    assert archive.config_text is None
    archive.close()
    archive.close()
    assert is_clean(workspace)
    assert source.exists()


def test_zip_by_content(make_zip, workspace):
    """A zip is a zip whatever its name."""
    assert open_at(make_zip({"h.py": b""}, name="m.model"), workspace).manifest.model_name == "m"


def test_tgz(make_tgz, workspace):
    """A .tar.gz unpacks without its leading component."""
    assert open_at(make_tgz(), workspace).manifest.handler == "h.py"


def test_directory(make_zip, workspace, tmp_path):
    """A directory is symlinked, and closing leaves it whole."""
    source = tmp_path / "plain"
    with zipfile.ZipFile(make_zip({"h.py": b"code"})) as packed:
        packed.extractall(source)
    archive = open_at(source, workspace)
    assert not archive.owned
    assert archive.directory.is_symlink()
    assert (archive.directory / "h.py").read_bytes() == b"code"
    archive.close()
    assert is_clean(workspace)
    assert (source / "h.py").exists()


def test_two_of_one(make_zip, workspace):
    """The same file opens twice into two directories."""
    source = make_zip()
    assert open_at(source, workspace).directory != open_at(source, workspace).directory


def test_config(make_zip, workspace):
    """The text of the manifest's configFile comes along."""
    manifest = {"model": {"modelName": "m", "handler": "h.py", "configFile": "c.yaml"}}
    assert open_at(make_zip({"c.yaml": "minWorkers: 1 # ü".encode()}, manifest=manifest), workspace).config_text == (
        "minWorkers: 1 # ü"
    )
    for files, words in (
        ({}, "no such file"),
        ({"c.yaml": b"\xff"}, "not UTF-8"),
        ({"c.yaml": bytes(2 << 20)}, "larger"),
    ):
        with pytest.raises(InvalidModel, match=f"c.yaml of m.mar.*{words}"):
            open_at(make_zip(files, manifest=manifest), workspace)


def test_junk(workspace, tmp_path):
    """A .mar that is no zip is an empty archive: with a name and a default handler it registers."""
    junk = tmp_path / "junk-model.mar"
    junk.write_bytes(b"not an archive at all")
    archive = open_at(junk, workspace, fallback_name=junk.name, default_handler="image_classifier")
    assert archive.manifest.model_name == "junk_model"
    assert archive.manifest.handler == "image_classifier"
    assert archive.manifest.runtime == "python"
    assert archive.manifest.model_version == "1.0"
    assert list(archive.directory.iterdir()) == []
    with pytest.raises(InvalidModel, match=r"Model handler is not defined.*junk-model\.mar"):
        open_at(junk, workspace, fallback_name="x")


def test_junk_is_told(workspace, tmp_path, caplog):
    """The log says that there was no zip, and what it began with: a pointer of Git LFS, for one."""
    (tmp_path / "m.mar").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:1234\n")
    with caplog.at_level(logging.WARNING, "servescope.archive"), pytest.raises(InvalidModel):
        open_at(tmp_path / "m.mar", workspace)
    assert "m.mar is no zip file" in caplog.text
    assert "git-lfs" in caplog.text


def test_a_place_that_cannot_be_written(make_zip, workspace):
    """A full disk or the like is a refusal with TorchServe's sentence and the system's reason, not the server's end."""
    workspace.write_text("a file where a directory should be")
    with pytest.raises(ServescopeError, match=r"^Failed to save model: m\.mar: Not a directory$"):
        open_at(make_zip(), workspace)


def test_neither_file_nor_directory(workspace, tmp_path):
    """A pipe, whose opening would wait for its writer for ever, is refused unopened."""
    os.mkfifo(tmp_path / "m.mar")
    with pytest.raises(InvalidModel, match=r"^Archive m\.mar is neither a file nor a directory$"):
        open_at(tmp_path / "m.mar", workspace)


@pytest.mark.parametrize("name", ["m.tar.gz", "m.model", "m"])
def test_junk_that_is_not_called_mar(workspace, tmp_path, name):
    """Any other file must be a tar.gz."""
    (tmp_path / name).write_bytes(b"junk")
    with pytest.raises(InvalidModel, match=f"Archive {name} is corrupt"):
        open_at(tmp_path / name, workspace)
    assert is_clean(workspace)


def test_truncated_zip(make_zip, workspace):
    """A .mar that begins as a zip and ends too early is no empty archive, but corrupt."""
    source = make_zip({"h.py": b"code"})
    source.write_bytes(source.read_bytes()[:-30])
    with pytest.raises(InvalidModel, match=r"m\.mar is corrupt"):
        open_at(source, workspace)


def test_nameless(make_zip, workspace):
    """Without a name the registration is refused, unless it brings one, or the start falls back on the file's."""
    source = make_zip(manifest={"model": {"handler": "h.py"}}, name="my-model.mar")
    with pytest.raises(InvalidModel, match=r"^Model name is not defined\. "):
        open_at(source, workspace)
    assert open_at(source, workspace, name="given", fallback_name="x").manifest.model_name == "given"
    assert open_at(source, workspace, fallback_name=source.name).manifest.model_name == "my_model"


@pytest.mark.parametrize("name", [".", "..", "a/b", "a\\b", "a\nb"])
def test_names_that_no_path_can_say(make_zip, workspace, name):
    """A model's or a version's, the archive's own or the registration's: neither asked nor removed, so not registered."""
    told = re.escape(f"{name!a}: ")
    for model in ({"modelName": name}, {"modelName": "m", "modelVersion": name}):
        what = list(model)[-1].removeprefix("model").lower()
        source = make_zip(manifest={"model": {"handler": "h.py", **model}}, name=f"{what}.mar")
        with pytest.raises(InvalidModel, match=f"^Model {what} {told}"):
            open_at(source, workspace)
    with pytest.raises(InvalidModel, match=f"^Model name {told}"):
        open_at(make_zip(), workspace, name=name)


@pytest.mark.parametrize("name", ["a b", "ü", "<b>", "a:b", "..."])
def test_other_names(make_zip, workspace, name):
    """Are taken as they are."""
    manifest = open_at(
        make_zip(manifest={"model": {"modelName": name, "modelVersion": name, "handler": "h"}}), workspace
    ).manifest
    assert (manifest.model_name, manifest.model_version) == (name, name)


def test_overrides(make_zip, workspace):
    """The registration's name and handler win over the manifest's, and those over what stands in."""
    source = make_zip()
    manifest = open_at(source, workspace, name="other", handler="h.py:fn", default_handler="d").manifest
    assert (manifest.model_name, manifest.handler) == ("other", "h.py:fn")
    manifest = open_at(source, workspace, fallback_name="f", default_handler="d").manifest
    assert (manifest.model_name, manifest.handler) == ("m", "h.py")
    with pytest.raises(InvalidModel, match=r"handler is '\.\./h\.py'"):
        open_at(source, workspace, handler="../h.py")


@pytest.mark.parametrize(
    ("file_name", "name"),
    [("a.mar", "a"), ("a-b.c.mar", "a_b_c"), ("é.model", "_"), ("m.tar.gz", "m_tar_gz"), ("dir", "dir")],
)
def test_name_from_file(file_name, name):
    """Archive suffixes go, other non-word characters become underscores."""
    assert name_from_file(file_name) == name
    assert name_from_file(name) == name


def test_failure_cleans_up(make_zip, workspace):
    """After a refusal half-way through nothing is left, and a downloaded archive is gone too."""
    source = make_zip({"good": b"x", zipfile.ZipInfo("../evil"): b"x"})
    with pytest.raises(InvalidModel, match="evil"):
        open_at(source, workspace)
    assert is_clean(workspace)
    assert source.exists()
    with pytest.raises(InvalidModel, match="evil"):
        open_at(source, workspace, downloaded=True)
    assert not source.exists()


def test_bad_manifest_in_directory(workspace, tmp_path):
    """A user's directory with a bad manifest is unlinked, not deleted."""
    (tmp_path / "d" / "MAR-INF").mkdir(parents=True)
    (tmp_path / "d" / "MAR-INF" / "MANIFEST.json").write_text("{")
    with pytest.raises(InvalidModel, match="not valid JSON"):
        open_at(tmp_path / "d", workspace)
    assert is_clean(workspace)
    assert (tmp_path / "d" / "MAR-INF" / "MANIFEST.json").exists()


def test_downloaded_source_goes_with_the_model(make_zip, workspace):
    """Closing removes a source that was downloaded for this model."""
    source = make_zip()
    open_at(source, workspace, downloaded=True).close()
    assert not source.exists()


def test_limit(make_zip, workspace):
    """The limit on the expanded size is a parameter."""
    with pytest.raises(InvalidModel, match="more than 1000 bytes"):
        open_at(make_zip({"h.py": bytes(2000)}), workspace, limit=1000)


def test_vanished_directory(make_zip, workspace):
    """Closing is harmless where the directory is gone already."""
    archive = open_at(make_zip(), workspace)
    shutil.rmtree(workspace)
    archive.close()
