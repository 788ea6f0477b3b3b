"""Writing: nothing is overwritten without being told to, and nothing is written at all where something would be."""

import pytest

from servescope.errors import ConfigurationError
from servescope.operate.writer import write_files


def test_a_new_folder(tmp_path):
    """Folders are made; the paths that were written come back."""
    folder = tmp_path / "a" / "b"
    written = write_files(folder, {"x.yml": "é\n", "rules/y.yml": "2"}, force=False)
    assert written == [folder / "rules/y.yml", folder / "x.yml"]
    assert (folder / "x.yml").read_bytes() == "é\n".encode()


def test_nothing_is_overwritten(tmp_path):
    """Nor is anything else written; other files in the folder are no obstacle; the same again is none either."""
    (tmp_path / "x.yml").write_text("mine")
    (tmp_path / "other").write_text("mine too")
    with pytest.raises(ConfigurationError, match=rf"{tmp_path} has x\.yml already: give --force"):
        write_files(tmp_path, {"x.yml": "1", "y.yml": "2"}, force=False)
    assert (tmp_path / "x.yml").read_text() == "mine"
    assert not (tmp_path / "y.yml").exists()
    assert write_files(tmp_path, {"x.yml": "1", "y.yml": "2"}, force=True) == [tmp_path / "x.yml", tmp_path / "y.yml"]
    assert (tmp_path / "other").read_text() == "mine too"
    assert write_files(tmp_path, {"x.yml": "1", "y.yml": "2"}, force=False) == []


def test_what_is_no_file_of_text(tmp_path):
    """Bytes, and a link that leads nowhere, are not overwritten either."""
    (tmp_path / "x.yml").write_bytes(b"\xff")
    (tmp_path / "y.yml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match=r"x\.yml, y\.yml already"):
        write_files(tmp_path, {"x.yml": "1", "y.yml": "2"}, force=False)


def test_a_folder_that_cannot_be(tmp_path):
    """A file in the place of a folder is named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"file cannot be written to"):
        write_files(tmp_path / "file", {"x.yml": "1"}, force=True)
    (tmp_path / "x.yml").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be written to"):
        write_files(tmp_path, {"a.yml": "1", "x.yml": "1"}, force=True)
    assert not (tmp_path / "a.yml").exists()  # nor is anything else
