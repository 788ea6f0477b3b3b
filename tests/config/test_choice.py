"""Which configuration file is read."""

from pathlib import Path

import pytest

from servescope.config.choice import StartOptions, choose_file
from servescope.config.snapshots.file import render
from servescope.config.snapshots.folder import SnapshotFolder
from servescope.errors import ConfigurationError

WHOLE = render({}, '{"models": {}}')
OLD, NEW = "20261128162218210-snapshot.cfg", "20261128162221399-shutdown.cfg"


@pytest.fixture
def choose(tmp_path):
    """With two snapshots in the folder and a config.properties."""
    folder = tmp_path / "logs"
    folder.mkdir()
    for name in (OLD, NEW):
        (folder / name).write_bytes(WHOLE)
    (tmp_path / "config.properties").touch()
    return lambda options=None, environ=None: choose_file(
        options or StartOptions(), environ or {}, tmp_path, SnapshotFolder(folder)
    )


def test_the_last_snapshot_comes_before_config_properties(choose, tmp_path):
    """As in TorchServe; a warning says that the other is not read, and how it is."""
    file, (warning,) = choose()
    assert file == tmp_path / "logs" / NEW
    assert warning.startswith(f"{tmp_path / 'config.properties'} is not read")
    assert "--ncs" in warning


def test_a_file_that_is_named_comes_before_the_last_snapshot(choose, tmp_path):
    """By the option, and before that by the variable."""
    for name in ("option.cfg", "variable.cfg"):
        (tmp_path / name).touch()
    option = StartOptions(ts_config=Path("option.cfg"))
    assert choose(option) == (tmp_path / "option.cfg", [])
    file, (warning,) = choose(option, {"TS_CONFIG_FILE": "variable.cfg"})
    assert file == tmp_path / "variable.cfg"
    assert "--ts-config='option.cfg' is not read" in warning


def test_without_snapshots_it_is_config_properties(choose, tmp_path):
    """--ncs."""
    assert choose(StartOptions(no_config_snapshots=True)) == (tmp_path / "config.properties", [])


def test_the_one_before_a_damaged_one_is_taken(choose, tmp_path):
    """And the damaged one is named, with what is wrong with it."""
    (tmp_path / "logs" / NEW).write_bytes(WHOLE[:100])
    file, (damaged, _) = choose()
    assert file == tmp_path / "logs" / OLD
    assert NEW in damaged
    assert "checksum" in damaged


def test_where_all_are_damaged_it_is_config_properties(choose, tmp_path):
    """Each of them is named."""
    for name in (OLD, NEW):
        (tmp_path / "logs" / name).write_bytes(b"")
    file, warnings = choose()
    assert file == tmp_path / "config.properties"
    assert [OLD in "".join(warnings), NEW in "".join(warnings), len(warnings)] == [True, True, 2]


def test_a_named_file_that_is_not_there_ends_the_start(choose):
    """The message says who named it."""
    with pytest.raises(ConfigurationError, match=r"--ts-config='nosuch\.cfg': there is no such file"):
        choose(StartOptions(ts_config=Path("nosuch.cfg")))
