"""Folders of generated files: what is written over, what is removed, and what is left alone."""

import pytest

from servescope.cli.folders import OwnFolder
from servescope.errors import ConfigurationError

FILES = {"a.yaml": b"mark 1", "in/b.yaml": b"mark 2"}


@pytest.fixture
def own(tmp_path):
    """A folder that is not there yet."""
    return OwnFolder(tmp_path / "new" / "out", "mark", "the test")


def refused(own, *, force=True):
    """What is said."""
    with pytest.raises(ConfigurationError) as refusal:
        own.check(FILES, force=force)
    assert f"--out {own.folder}: " in refusal.value.message
    return refusal.value.message


def test_a_new_folder_is_made(own):
    """With all that leads to it; an empty one is as good as none."""
    own.check(FILES, force=False)
    own.folder.mkdir(parents=True)
    own.check(FILES, force=False)
    assert own.write(FILES) == []
    assert {path: (own.folder / path).read_bytes() for path in FILES} == FILES


def test_files_are_written_over_by_force_alone(own):
    """And what is not generated stays as it is."""
    own.write(FILES)
    (own.folder / "mine").write_text("mine")
    assert "it has files already; give --force" in refused(own, force=False)
    own.check(FILES, force=True)
    own.write({"a.yaml": b"mark 3"})
    assert (own.folder / "a.yaml").read_bytes() == b"mark 3"
    assert (own.folder / "mine").read_text() == "mine"


def test_what_nobody_asks_for_any_more_is_removed(own):
    """If it was generated, and lies where such files lie."""
    own.write({**FILES, "in/old.yaml": b"mark", "other/old.yaml": b"mark", "in/mine.yaml": b"mine"})
    assert own.write(FILES, ["in/*.yaml"]) == ["in/old.yaml"]
    assert not (own.folder / "in/old.yaml").exists()
    assert (own.folder / "in/mine.yaml").exists()
    assert (own.folder / "other/old.yaml").exists()


@pytest.mark.parametrize("path", FILES)
def test_what_was_not_generated_is_never_written_over(own, path):
    """Not by force either."""
    own.write({**FILES, path: b"mine"})
    assert f"{path} was not made by the test" in refused(own)


@pytest.mark.parametrize("place", ["a.yaml", "in"])
def test_no_link_is_followed(own, tmp_path, place):
    """Be it a file's or a folder's, or one that leads nowhere."""
    own.folder.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    (own.folder / place).symlink_to(elsewhere)
    assert "is left alone" in refused(own)
    elsewhere.mkdir()
    assert "is left alone" in refused(own)
    assert list(elsewhere.iterdir()) == []


def test_a_file_is_no_folder(own):
    """Neither the folder itself nor one in it."""
    own.folder.parent.mkdir()
    own.folder.write_text("mark")
    assert "it is no folder" in refused(own)
    own.folder.unlink()
    own.folder.mkdir()
    (own.folder / "in").write_text("mark")
    assert "in is no folder of its own" in refused(own)


def test_what_cannot_be_written_is_named(own):
    """The folder, and why."""
    own.folder.parent.write_text("")
    with pytest.raises(ConfigurationError, match=r"--out .*: Not a directory"):
        own.write(FILES)
