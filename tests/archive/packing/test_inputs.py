"""What goes into an archive: handlers in all their forms, flattened directories, patterns; errors name the option."""

import os
from pathlib import Path

import pytest

from servescope.archive.packing.writer import pack
from servescope.archive.reader import open_archive
from servescope.errors import ConfigurationError


def opened(path: Path, tmp_path: Path):
    return open_archive(path, path.name, tmp_path / "workspace", None)


@pytest.mark.parametrize("folders", ["lib1,lib2/", "./lib1,nested/lib2", "lib?,nested/lib2"])
def test_folders_are_kept_where_that_is_asked_for(here, options, folders, write):
    """By their own names, wherever they are; files beside them, and the working directory's, are at the root."""
    files = {"lib1/a.py": b"1", "lib1/sub/a.py": b"2", "lib2/a.py": b"3", "nested/lib2/a.py": b"3"}
    write(here, files | {"lib1/__pycache__/a.pyc": b"no"})
    archive = opened(pack(options(extra_files=f"{folders},a1.txt", keep_folders=True)), here)
    packed = {path: (archive.directory / path).read_bytes() for path in ("lib1/a.py", "lib1/sub/a.py", "lib2/a.py")}
    assert packed == {"lib1/a.py": b"1", "lib1/sub/a.py": b"2", "lib2/a.py": b"3"}
    assert not (archive.directory / "a.py").exists()
    assert not (archive.directory / "lib1" / "__pycache__").exists()
    assert (archive.directory / "a1.txt").exists()


def test_the_working_directory_has_no_folder(here, options):
    """Its files are at the root, and the archive is not among them."""
    archive = opened(pack(options(extra_files=".", keep_folders=True, handler="src/h.py")), here)
    assert (archive.directory / "extra" / "sub" / "deep.txt").exists()
    assert archive.manifest.handler == "src/h.py"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_name": "-m"}, "--model-name '-m'"),
        ({"model_name": "a/b"}, "--model-name 'a/b'"),
        ({"model_name": "m\n"}, r"--model-name 'm\n'"),
        ({"model_name": ""}, "--model-name ''"),
        ({"version": ""}, "--version '': must not be empty"),
        ({"version": "1/2"}, "--version '1/2': slashes and backslashes divide a path"),
        ({"version": ".."}, "--version '..': means a folder in a path"),
        ({"version": "1\n"}, r"--version '1\n': control characters"),
        ({"runtime": "java"}, "--runtime 'java': must be one of python, python3, LSP"),
        ({"archive_format": "rar"}, "--archive-format 'rar': must be one of default, zip-store, tgz, no-archive"),
        ({"export_path": Path("absent")}, "--export-path 'absent': not a directory"),
        ({"handler": "absent.py:fn"}, "--handler 'absent.py': no such file"),
        ({"handler": "absent"}, "--handler 'absent.py': no such file"),
        ({"serialized_file": "absent.pt"}, "--serialized-file 'absent.pt': no such file"),
        ({"serialized_file": "extra"}, "--serialized-file 'extra': not a file"),
        ({"model_file": "absent.py"}, "--model-file 'absent.py': no such file"),
        ({"requirements_file": "absent"}, "--requirements-file 'absent': no such file"),
        ({"config_file": "absent"}, "--config-file 'absent': no such file"),
        ({"extra_files": "a1.txt,absent"}, "--extra-files 'absent': no such file or directory"),
    ],
)
def test_refusals(here, options, change, words):
    """Each error names the option and the value, and nothing is written."""
    with pytest.raises(ConfigurationError) as caught:
        pack(options(**change))
    assert words in str(caught.value)
    assert os.listdir("out") == []


def test_patterns_without_a_match(here, options, caplog, write):
    """A pattern that matches nothing is a warning; a name with brackets is the file of that name."""
    write(here, {"b[1].txt": b"b"})
    archive = opened(pack(options(extra_files="none*,b[1].txt")), here)
    assert "'none*' matches nothing" in caplog.text
    assert (archive.directory / "b[1].txt").exists()


def test_two_of_a_name(here, options, caplog, write):
    """Of two files with one name the later is packed, with a warning; the same file twice is no matter."""
    write(here, {"other/a1.txt": b"other"})
    archive = opened(pack(options(extra_files="a1.txt,a1.txt,other")), here)
    assert (archive.directory / "a1.txt").read_bytes() == b"other"
    assert [record.getMessage() for record in caplog.records] == ["a1.txt: other/a1.txt replaces a1.txt in the archive"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"x/f": b"", "y/f/g": b""}, "cannot both be packed"),
        ({"x/a\nb": b""}, "control characters"),
        ({"x/..\\f": b""}, "'..'"),
    ],
)
def test_names_that_could_not_be_unpacked(here, options, files, words, write):
    """What the reader would refuse is not packed in the first place."""
    write(here, files)
    (here / "y").mkdir(exist_ok=True)
    with pytest.raises(ConfigurationError, match=words):
        pack(options(extra_files="x,y"))


def test_odd_inputs(here, options):
    """A FIFO and a link that goes round are errors, not endless."""
    os.mkfifo("extra/pipe")
    with pytest.raises(ConfigurationError, match="'extra/pipe' is not a regular file"):
        pack(options())
    os.unlink("extra/pipe")
    os.symlink("..", "extra/sub/round")
    with pytest.raises(ConfigurationError, match="'extra/sub/round' links to a directory that contains it"):
        pack(options())
