"""An archive that is no model says what was found in it, and what was expected."""

import io
import tarfile
import zipfile

import pytest

from servescope.archive.reader import open_archive
from servescope.errors import InvalidModel

NAMELESS = b'{"model": {"handler": "h.py"}}'
HANDLERLESS = b'{"model": {"modelName": "m"}}'


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(**members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("file", "data", "found"),
    [
        ("m.mar", b"", "Found an empty file: m.mar has 0 bytes. Expected MAR-INF/MANIFEST.json with modelName"),
        ("m.mar", b"junk, and more of it", "Found no zip file: m.mar begins with b'junk, and more of it'. Expected"),
        ("m.mar", tarred(), "Found a gzip file: m.mar is no zip; a tar.gz has to be called so."),
        ("m.mar", zipped(), "Found nothing: it has no members."),
        ("m.mar", zipped(**{"a.py": b"", "b/c.py": b""}), "Found 'a.py', 'b'. Expected"),
        (
            "m.mar",
            zipped(**{f"{n}.py": b"" for n in range(8)}),
            "Found '0.py', '1.py', '2.py', '3.py', '4.py' and 3 more.",
        ),
        (
            "m.mar",
            zipped(**{"x/MAR-INF/MANIFEST.json": b"{}"}),
            "Found MAR-INF/MANIFEST.json in the folder 'x', not at the top.",
        ),
        ("m.mar", zipped(**{"MAR-INF/MANIFEST.json": NAMELESS}), "Its MAR-INF/MANIFEST.json has no modelName."),
        (
            "m.tar.gz",
            tarred(**{"MAR-INF/MANIFEST.json": NAMELESS, "h.py": b""}),
            "Found MAR-INF without a folder around it: a tar.gz holds all in one folder",
        ),
        (
            "m.tar.gz",
            tarred(**{"a/b/MAR-INF/MANIFEST.json": NAMELESS}),
            "Found MAR-INF/MANIFEST.json in the folder 'b'",
        ),
        ("m.tar.gz", tarred(**{"m/h.py": b""}), "Found 'h.py'. Expected"),
    ],
)
def test_where_there_is_no_name(tmp_path, file, data, found):
    """Behind TorchServe's words; nothing is left of it."""
    (tmp_path / file).write_bytes(data)
    with pytest.raises(InvalidModel) as caught:
        open_archive(tmp_path / file, file, tmp_path, None)
    assert str(caught.value).startswith(f"Model name is not defined. {found}")
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "found an empty file"),
        (b"junk", "found b'junk' at its beginning"),
        (b"./m\0", "found b'./m\\x00' at its beginning"),
    ],
)
@pytest.mark.parametrize("file", ["m.tar.gz", "m.model"])
def test_what_is_no_archive_at_all(tmp_path, file, data, found):
    """A tar that is not gzipped, for one."""
    (tmp_path / file).write_bytes(data)
    with pytest.raises(InvalidModel) as caught:
        open_archive(tmp_path / file, file, tmp_path, None)
    assert str(caught.value) == f"Archive {file} is corrupt: {found}, expected a zip file or a tar.gz"


def test_what_is_not_even_called_an_archive(tmp_path):
    """Nothing of it is told: a client may name any file of the machine."""
    (tmp_path / "environ").write_bytes(b"SECRET=1")
    with pytest.raises(InvalidModel) as caught:
        open_archive(tmp_path / "environ", "environ", tmp_path, None)
    assert str(caught.value) == "Archive environ is corrupt: found something else, expected a zip file or a tar.gz"


def test_where_there_is_no_handler(tmp_path):
    """The same, with what the server could have put in its place."""
    (tmp_path / "m.mar").write_bytes(b"junk")
    (tmp_path / "n.mar").write_bytes(zipped(**{"MAR-INF/MANIFEST.json": HANDLERLESS}))
    for file, found in (("m.mar", "Found no zip file"), ("n.mar", "Its MAR-INF/MANIFEST.json has no handler.")):
        with pytest.raises(InvalidModel) as caught:
            open_archive(tmp_path / file, file, tmp_path, None, name="m")
        begin = f"Model handler is not defined: {file} has no handler, and default_service_handler is not set. {found}"
        assert str(caught.value).startswith(begin)


def test_a_directory(tmp_path):
    """A manifest one floor down is told, but no other names: it may be anybody's."""
    (tmp_path / "d/inner/MAR-INF").mkdir(parents=True)
    with pytest.raises(InvalidModel, match=r"Found no MAR-INF in this directory\. Expected MAR-INF/MANIFEST\.json"):
        open_archive(tmp_path / "d", "d", tmp_path, None)
    (tmp_path / "d/inner/MAR-INF/MANIFEST.json").write_text("{}")
    with pytest.raises(InvalidModel, match="in the folder 'inner'"):
        open_archive(tmp_path / "d", "d", tmp_path, None)


def test_what_torchserve_takes_still_works(tmp_path):
    """No manifest, or not even an archive, where name and handler come from elsewhere."""
    (tmp_path / "m.mar").write_bytes(b"junk")
    (tmp_path / "n.mar").write_bytes(zipped(**{"h.py": b""}))
    junk = open_archive(tmp_path / "m.mar", "m.mar", tmp_path, "base", fallback_name="m.mar")
    assert junk.manifest.model_name == "m"
    assert junk.emptiness.startswith("Found no zip file: m.mar begins with b'junk'. Expected MAR-INF/MANIFEST.json")
    good = open_archive(tmp_path / "n.mar", "n.mar", tmp_path, None, name="n", handler="h.py")
    assert (good.manifest.handler, good.emptiness) == ("h.py", "")
