"""The folder of snapshots."""

import os
import stat
from datetime import UTC, datetime, timedelta

import pytest

from servescope.config.snapshots import folder as module
from servescope.config.snapshots.file import render
from servescope.config.snapshots.folder import KEPT, SnapshotFolder, occasion_of, open_snapshot, time_of

NOW = datetime(2026, 11, 28, 16, 22, 18, 210_000, UTC)


def content(number):
    """Of a snapshot like no other."""
    return render({"job_queue_size": str(number)}, '{"models": {}}')


@pytest.fixture
def folder(tmp_path):
    """One that is not there yet."""
    return SnapshotFolder(tmp_path / "logs" / "config")


def test_a_snapshot_has_torchserves_name(folder):
    """The time to the millisecond, and what it was taken at; nobody else reads it."""
    file = folder.write(content(1), "startup", NOW)
    assert file.name == "20261128162218210-startup.cfg"
    assert (occasion_of(file), time_of(file)) == ("startup", NOW)
    assert file.read_bytes() == content(1)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(folder.directory) == [file.name]


@pytest.mark.parametrize("later", [timedelta(0), timedelta(microseconds=400), timedelta(hours=-3)])
def test_the_last_that_was_written_is_the_newest(folder, later):
    """Also at the same moment, and where the clock was set back."""
    folder.write(content(1), "startup", NOW)
    last = folder.write(content(2), "shutdown", NOW + later)
    assert folder.files()[0] == last
    assert folder.newest().file == last


def test_names_of_no_time_come_last(folder):
    """Whoever made them: what a server writes is newer. What is no snapshot's name is none."""
    folder.directory.mkdir(parents=True)
    odd = [folder.directory / f"{digits}-snapshot.cfg" for digits in ("99999999999999999", "20261328000000000")]
    for file in odd:
        file.write_bytes(content(1))
    (folder.directory / "notes.cfg").touch()
    assert [time_of(file) for file in odd] == [None, None]
    assert folder.newest().file == odd[0]
    written = folder.write(content(2), "snapshot", NOW)
    assert folder.files() == [written, *odd]
    assert folder.newest().file == written


def test_a_later_name_is_a_time(folder):
    """The millisecond after the last one of a minute, a day or a year; after the last of all there is none, which is said."""
    folder.directory.mkdir(parents=True)
    (folder.directory / "20261231235959999-snapshot.cfg").write_bytes(content(1))
    written = folder.write(content(2), "shutdown", NOW)
    assert written.name == "20270101000000000-shutdown.cfg"
    assert folder.files()[0] == written
    (folder.directory / "99991231235959999-snapshot.cfg").write_bytes(b"no snapshot")
    with pytest.raises(OSError, match=r"no name is later than 99991231235959999-snapshot\.cfg's: remove it"):
        folder.write(content(3), "snapshot", NOW)
    assert folder.newest().file == written


def test_the_newest_whole_one_is_found(folder):
    """Damaged ones that are newer are told of; older ones are not looked at."""
    folder.directory.mkdir(parents=True)
    older, whole, cut = (folder.write(content(number), "snapshot", NOW) for number in range(3))
    for file in (older, cut):
        file.write_bytes(file.read_bytes()[:-1])
    found = folder.newest()
    assert found.file == whole
    assert [text.partition(": ")[0] for text in found.damaged] == [str(cut)]


@pytest.mark.parametrize(
    "models", ["", "{", "[]", '{"models": {"m": {"1.0": {"marName": "m.mar", "minWorkers": "one"}}}}'], ids=range(4)
)
def test_one_that_no_models_can_be_restored_from_is_damaged(folder, models):
    """TorchServe's has no checksum: cut off where it stands, it is one like that, and so is one of another version."""
    whole = folder.write(content(1), "snapshot", NOW)
    theirs = folder.directory / "20301128162218210-snapshot.cfg"
    theirs.write_text(f"model_snapshot={models}")
    ours = folder.write(render({}, models), "snapshot", NOW)
    found = folder.newest()
    assert found.file == whole
    assert [text.partition(": ")[0] for text in found.damaged] == [str(ours), str(theirs)]
    assert all("says nothing that models can be restored from" in text for text in found.damaged)
    assert [snapshot.properties for snapshot in folder.whole()] == [open_snapshot(whole).properties]


def test_what_is_no_file_is_not_waited_for(folder):
    """A pipe has no end, and a directory no bytes."""
    whole = folder.write(content(1), "snapshot", NOW)
    pipe, directory, away = (folder.directory / f"203{number}1128162218210-snapshot.cfg" for number in range(3))
    os.mkfifo(pipe)
    directory.mkdir()
    away.symlink_to(folder.directory / "none")
    found = folder.newest()
    assert found.file == whole
    assert [text.partition(": ")[0] for text in found.damaged] == [str(away), str(directory), str(pipe)]
    for number in range(KEPT):
        folder.write(content(number), "snapshot", NOW)
    assert {pipe, directory, away} <= set(folder.files())


def test_an_absent_folder_has_none(folder):
    """Nor has one that cannot be read."""
    assert (folder.files(), folder.newest().file) == ([], None)


def test_the_oldest_of_ours_go(folder):
    """As many as are kept stay; TorchServe's are not ours to remove."""
    folder.directory.mkdir(parents=True)
    theirs = folder.directory / "20201128162218210-startup.cfg"
    theirs.write_text("model_snapshot={}")
    written = [folder.write(content(number), "snapshot", NOW) for number in range(KEPT + 3)]
    assert set(folder.files()) == {theirs, *written[-KEPT:]}


def test_a_disk_that_takes_nothing_leaves_nothing(folder, monkeypatch):
    """The error is the caller's to tell of; the others are as they were."""
    first = folder.write(content(1), "startup", NOW)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        folder.write(content(2), "snapshot", NOW)
    assert os.listdir(folder.directory) == [first.name]


class Killed(BaseException):
    """Stands for SIGKILL: nothing is done after it."""


class Disk:
    """The system's calls by which a snapshot is written. `calls` after the first so many, the process is dead.

    Bytes reach the disk half at a time, so that a write can be cut off in the middle.
    """

    CALLS = ("open", "fsync", "close", "unlink", "rename", "mkdir")

    def __init__(self, monkeypatch, calls):
        self.left = calls
        for name in self.CALLS:
            monkeypatch.setattr(module.os, name, self.counted(getattr(os, name)))
        monkeypatch.setattr(module.os, "fdopen", self.fdopen)

    def counted(self, call):
        def counting(*arguments, **named):
            self.step()
            return call(*arguments, **named)

        return counting

    def step(self):
        if self.left <= 0:
            raise Killed
        self.left -= 1

    def fdopen(self, descriptor, mode):
        disk = self

        class File:
            def __enter__(self):
                return self

            def __exit__(self, *_):
                os.close(descriptor)

            def write(self, content):
                for part in (content[: len(content) // 2], content[len(content) // 2 :]):
                    disk.step()
                    os.write(descriptor, part)

            def flush(self):
                pass

            def fileno(self):
                return descriptor

        return File()


def test_a_kill_at_any_moment_leaves_one_that_loads(folder, monkeypatch):
    """Between any two of its calls: it is the one before or the new one, and the next server's is newer than both."""
    before = folder.write(content(1), "startup", NOW)
    for calls in range(100):
        with monkeypatch.context() as patch:
            disk = Disk(patch, calls)
            try:
                folder.write(content(2), "snapshot", NOW)
            except Killed:
                pass
        found = folder.newest()
        assert found.damaged == ()
        assert found.file.read_bytes() in (content(1), content(2))
        after = found.file
        folder.remove_partial()
        assert [name for name in os.listdir(folder.directory) if name.startswith(".")] == []
        if disk.left > 0:
            break
        for file in folder.files():
            if file != before:
                file.unlink()
    assert calls > 5
    assert after.read_bytes() == content(2)
