"""A console that is a file is opened anew where the file was moved away, and left alone otherwise."""

import os

import pytest

from servescope.logs.streams.redirected import Redirected


@pytest.fixture
def descriptor(tmp_path):
    """A descriptor of the file `console`, opened as a shell does."""
    number = os.open(tmp_path / "console", os.O_WRONLY | os.O_CREAT)
    yield number
    os.close(number)


def test_moved_away(tmp_path, descriptor):
    """The name is written to again; what was moved keeps what it had."""
    redirected = Redirected([descriptor])
    os.write(descriptor, b"old")
    (tmp_path / "console").rename(tmp_path / "console.1")
    redirected.reopen()
    os.write(descriptor, b"new")
    assert ((tmp_path / "console.1").read_text(), (tmp_path / "console").read_text()) == ("old", "new")


def test_moved_away_and_replaced(tmp_path, descriptor):
    """Another file of that name is appended to."""
    redirected = Redirected([descriptor])
    (tmp_path / "console").rename(tmp_path / "console.1")
    (tmp_path / "console").write_text("there ")
    redirected.reopen()
    os.write(descriptor, b"new")
    assert (tmp_path / "console").read_text() == "there new"


def test_still_there(tmp_path, descriptor):
    """Nothing changes, and nothing is lost."""
    os.write(descriptor, b"one ")
    Redirected([descriptor]).reopen()
    os.write(descriptor, b"two")
    assert (tmp_path / "console").read_text() == "one two"


def test_a_place_that_is_gone(tmp_path, descriptor):
    """The old file is written on."""
    redirected = Redirected([descriptor])
    (tmp_path / "away").mkdir()
    (tmp_path / "console").rename(tmp_path / "away" / "console")
    tmp_path.joinpath("away").rename(tmp_path.with_name(tmp_path.name + "-away"))
    (tmp_path / "console").mkdir()
    redirected.reopen()
    assert os.write(descriptor, b"on") == 2


def test_pipes_and_closed_ones():
    """Are left as they are."""
    reader, writer = os.pipe()
    Redirected([writer, 9999]).reopen()
    os.write(writer, b"x")
    assert os.read(reader, 1) == b"x"
    os.close(reader)
    os.close(writer)
