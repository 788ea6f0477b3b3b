"""Where temporary files go."""

import tempfile
from pathlib import Path

import pytest

from servescope.config.temporary import temporary_directory
from servescope.errors import ConfigurationError


def test_who_says_where(tmp_path):
    """TEMP as with TorchServe, then TMPDIR, then the system; an empty text says nothing."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    assert temporary_directory({"TEMP": one, "TMPDIR": other}) == Path(one)
    assert temporary_directory({"TEMP": "", "TMPDIR": other}) == Path(other)
    assert temporary_directory({}) == Path(tempfile.gettempdir())


@pytest.mark.parametrize("variable", ["TEMP", "TMPDIR"])
def test_a_directory_that_is_not_there(variable, tmp_path):
    """Is named with its variable, and not passed over; nor is a file."""
    (tmp_path / "file").touch()
    for name in ("absent", "file"):
        with pytest.raises(ConfigurationError) as caught:
            temporary_directory({variable: str(tmp_path / name)})
        assert str(caught.value).startswith(
            f"{variable}={tmp_path / name}: there is no such directory; make it, or set TEMP"
        )


def test_none_at_all(monkeypatch):
    """A system without any says what to set."""

    def none():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.raises(ConfigurationError, match=r"No usable temporary directory.*; set TEMP to one$"):
        temporary_directory({})
