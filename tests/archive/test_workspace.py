"""A server's workspace goes with the server; what a killed one left behind goes when the next one starts."""

import errno
import logging
import signal
import subprocess
import sys
from pathlib import Path

from servescope.archive.workspace import LOCK_NAME, workspace

HOLD = (
    "import sys\nfrom pathlib import Path\nfrom servescope.archive.workspace import workspace\n"
    "with workspace(Path(sys.argv[1]), print) as path:\n    print(path, flush=True)\n    sys.stdin.read()\n"
)


def ignore(_abandoned):
    """There is nothing else to be done about it."""


def test_it_goes_with_its_server(tmp_path):
    """While it is open it is a directory below the parent; afterwards nothing is left."""
    with workspace(tmp_path, ignore) as path:
        assert path.parent == tmp_path
        (path / "models").mkdir()
    assert list(tmp_path.iterdir()) == []


def test_two_servers_side_by_side(tmp_path):
    """A server that starts leaves the workspace of a living one alone, even one of the same process."""
    with workspace(tmp_path, ignore) as first:
        (first / "model.pt").touch()
        with workspace(tmp_path, ignore) as second:
            assert second != first
        assert (first / "model.pt").exists()


def test_what_a_killed_server_left(tmp_path, caplog):
    """A server that was killed could not clean up; the next one does, and says so."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
        left = killed.stdout.readline().strip()
        with workspace(tmp_path, ignore):
            assert Path(left).is_dir()
        killed.send_signal(signal.SIGKILL)
    told = []
    with caplog.at_level(logging.INFO, "servescope.archive"), workspace(tmp_path, told.append) as path:
        assert list(tmp_path.iterdir()) == [path]
    assert told == [Path(left)]
    assert f"Removed {left}" in caplog.text


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    """Is no reason not to start; nobody takes that workspace for abandoned."""

    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    with monkeypatch.context() as patch:
        patch.setattr("fcntl.flock", refuse)
        with workspace(tmp_path, ignore) as first, workspace(tmp_path, ignore):
            assert first.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_only_workspaces_are_removed(tmp_path):
    """A directory that only has the same kind of name is somebody else's, and stays; so does one behind a link."""
    (tmp_path / "servescope-main").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / LOCK_NAME).touch()
    (tmp_path / "servescope-link").symlink_to("elsewhere")
    with workspace(tmp_path, ignore):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "servescope-link", "servescope-main"]
    assert (tmp_path / "elsewhere" / LOCK_NAME).exists()
