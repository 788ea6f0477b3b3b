"""A download is told from a file of the user's own, and goes when its model or its server has gone."""

import logging

import pytest

from servescope.archive.downloaded import publish_download, remove_abandoned_downloads, remove_download
from servescope.archive.source import list_store


@pytest.fixture
def downloaded(tmp_path):
    """A store with a download in it, and its path."""
    (tmp_path / ".partial").write_text("archive")
    publish_download(tmp_path / ".partial", tmp_path / "m.mar")
    return tmp_path / "m.mar"


def test_a_download_is_there_once(downloaded):
    """load_models=all sees it under its own name alone."""
    assert downloaded.read_text() == "archive"
    assert list_store(downloaded.parent) == ["m.mar"]


def test_another_of_the_same_name(downloaded):
    """It lies aside, hidden and under its own name, and each goes by itself."""
    store = downloaded.parent
    (store / ".other").write_text("other")
    aside = publish_download(store / ".other", downloaded)
    assert (downloaded.read_text(), aside.name, aside.read_text()) == ("archive", "m.mar", "other")
    assert list_store(store) == ["m.mar"]
    remove_download(downloaded)
    assert aside.read_text() == "other"
    remove_download(aside)
    remove_download(aside)
    assert list(store.iterdir()) == []


def test_a_killed_servers_download_that_lay_aside(downloaded, caplog):
    """Goes with the others, and is named."""
    (downloaded.parent / ".other").write_text("other")
    aside = publish_download(downloaded.parent / ".other", downloaded)
    with caplog.at_level(logging.INFO, "servescope.archive"):
        remove_abandoned_downloads(downloaded.parent)
    assert list(downloaded.parent.iterdir()) == []
    assert f"Removed {aside.parent}" in caplog.text


def test_removing_leaves_a_file_that_took_its_place(downloaded):
    """Whoever replaces a download by hand keeps the file when the model goes."""
    downloaded.unlink()
    downloaded.write_text("mine")
    remove_download(downloaded)
    assert [path.name for path in downloaded.parent.iterdir()] == ["m.mar"]
    assert downloaded.read_text() == "mine"


def test_nothing_is_left_of_it(downloaded):
    """Removing it takes the mark as well, and twice is once."""
    remove_download(downloaded)
    remove_download(downloaded)
    assert list(downloaded.parent.iterdir()) == []


def test_what_a_killed_server_left(downloaded, caplog):
    """The next server removes it, says so, and leaves what the user has put there."""
    (downloaded.parent / "own.mar").touch()
    with caplog.at_level(logging.INFO, "servescope.archive"):
        remove_abandoned_downloads(downloaded.parent)
    assert [path.name for path in downloaded.parent.iterdir()] == ["own.mar"]
    assert f"Removed {downloaded}" in caplog.text


def test_a_file_of_the_users_own_in_its_place(downloaded):
    """Whoever replaces a download by hand keeps the file, though the mark is still there."""
    downloaded.unlink()
    downloaded.write_text("mine")
    remove_abandoned_downloads(downloaded.parent)
    assert [path.name for path in downloaded.parent.iterdir()] == ["m.mar"]
    assert downloaded.read_text() == "mine"


def test_a_mark_that_stands_for_nothing(downloaded, caplog):
    """A file removed by hand takes its mark along; one that cannot be removed is named and does not end the start."""
    downloaded.unlink()
    (downloaded.parent / ".odd.servescope-download").mkdir()
    remove_abandoned_downloads(downloaded.parent)
    assert [path.name for path in downloaded.parent.iterdir()] == [".odd.servescope-download"]
    assert "odd, which a server that was killed had downloaded, stays" in caplog.text
