"""Files roll over, come back after trouble, and never raise; nor does the console."""

import io
import os

import pytest

from clock import Clock
from servescope.logs import sinks
from servescope.logs.sinks import Console, RollingFile


@pytest.fixture
def reports():
    return []


def test_rolls_over_before_the_limit(tmp_path, reports):
    """A file that would pass its limit becomes .1, the older ones move up, and the oldest goes."""
    file = RollingFile(tmp_path / "a.log", reports.append, max_bytes=10, keep=2)
    for text in ("one 56789\n", "two\n", "three\n", "four 6789\n", "five\n"):
        assert file.write(text.encode())
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {"a.log": "five\n", "a.log.1": "four 6789\n", "a.log.2": "two\nthree\n"}
    assert reports == []


def test_what_was_there_counts(tmp_path, reports):
    """A restart appends to the file and counts its size towards the limit."""
    (tmp_path / "a.log").write_text("old line\n")
    file = RollingFile(tmp_path / "a.log", reports.append, max_bytes=20, keep=2)
    file.write(b"new line\n")
    assert (tmp_path / "a.log").read_text() == "old line\nnew line\n"
    file.write(b"next\n")
    assert (tmp_path / "a.log.1").read_text() == "old line\nnew line\n"


def test_a_line_over_the_limit_is_written_all_the_same(tmp_path, reports):
    """The limit decides when to roll over, not what may be said."""
    file = RollingFile(tmp_path / "a.log", reports.append, max_bytes=5, keep=1)
    file.write(b"far too long\n")
    assert (tmp_path / "a.log").read_bytes() == b"far too long\n"


def test_folder_is_made(tmp_path, reports):
    """A log location that does not exist yet is created, as TorchServe does."""
    RollingFile(tmp_path / "deep" / "er" / "a.log", reports.append)
    assert (tmp_path / "deep" / "er" / "a.log").read_bytes() == b""


def test_unopenable_file_is_tried_again_later(tmp_path, reports):
    """A file that cannot be opened costs its lines and one report, and is tried again after a while."""
    blocker = tmp_path / "logs"
    blocker.write_text("a file where a folder should be")
    clock = Clock(100.0)
    file = RollingFile(blocker / "a.log", reports.append, clock=clock)
    assert not file.write(b"1\n2\n", 2)
    blocker.unlink()
    assert not file.write(b"3\n")
    clock.now += sinks.RETRY_S + 1
    assert file.write(b"4\n")
    assert (blocker / "a.log").read_bytes() == b"4\n"
    assert file.lost == 3
    assert len(reports) == 1
    assert str(blocker / "a.log") in reports[0]


def test_each_outage_is_told(tmp_path, reports, monkeypatch):
    """After a recovery the next outage is reported anew; a line cut short is ended before the next begins."""
    file = RollingFile(tmp_path / "a.log", reports.append)
    real = file._file
    for _ in range(2):
        file._file = _ShortOfSpace(real, 3)
        assert not file.write(b"lost line\n")
        assert not file.write(b"lost too\n")
        file._file = real
        assert file.write(b"whole line\n")
    assert (tmp_path / "a.log").read_bytes() == b"los\nwhole line\nlos\nwhole line\n"
    assert file.lost == 4
    assert len(reports) == 2


class _ShortOfSpace:
    """A file on a disk with room for `room` more bytes."""

    def __init__(self, file: io.FileIO, room: int) -> None:
        self._file, self._room = file, room

    def write(self, data: memoryview) -> int:
        if not self._room:
            raise OSError(28, "No space left on device")
        written = self._file.write(data[: self._room])
        self._room = 0
        return written


def test_roll_over_that_fails_keeps_writing(tmp_path, reports):
    """Where the old file cannot be renamed the lines go on into it, and it is tried again a whole file later."""
    file = RollingFile(tmp_path / "a.log", reports.append, max_bytes=10, keep=1)
    (tmp_path / "a.log.1").mkdir()
    (tmp_path / "a.log.1" / "in the way").touch()
    for text in (b"12345678\n", b"second\n", b"3\n", b"fourth line\n"):
        assert file.write(text)
    assert (tmp_path / "a.log").read_bytes() == b"12345678\nsecond\n3\nfourth line\n"
    assert file.lost == 0
    assert len(reports) == 2


def test_closed_file_counts_lines(tmp_path, reports):
    """What comes after the close is counted, not raised."""
    file = RollingFile(tmp_path / "a.log", reports.append)
    file.close()
    file.close()
    assert not file.write(b"late\n")
    assert file.lost == 1


def test_console_that_hung_up_never_raises():
    """A reader that closed its end of the pipe, or a closed stream, costs lines only."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    stream = open(write_end, "w")  # noqa: SIM115 - its close fails, and is what the test ends with
    Console(stream).write("line\n")
    with pytest.raises(BrokenPipeError):
        stream.close()
    closed = io.StringIO()
    closed.close()
    Console(closed).write("line\n")


def test_console_with_a_narrow_encoding():
    """A terminal that knows ASCII only gets escapes in place of an error."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Console(stream).write("na\u00efve\n")
    assert raw.getvalue() == b"na\\xefve\n"


def test_reopened(tmp_path, reports):
    """What was moved away is written no more; a file that was not goes on; the size counts from the new one."""
    file = RollingFile(tmp_path / "a.log", reports.append, max_bytes=10, keep=2)
    file.write(b"old 67\n")
    file.reopen()
    (tmp_path / "a.log").rename(tmp_path / "moved")
    file.reopen()
    assert (tmp_path / "a.log").read_text() == ""
    file.write(b"new 67\n")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"moved": "old 67\n", "a.log": "new 67\n"}
    assert reports == []


def test_reopened_where_that_fails(tmp_path, reports):
    """It is reported, and tried again as any outage; a closed file stays closed."""
    clock = Clock(100.0)
    file = RollingFile(tmp_path / "logs" / "a.log", reports.append, clock=clock)
    (tmp_path / "logs").rename(tmp_path / "moved")
    (tmp_path / "logs").write_text("no directory")
    file.reopen()
    assert len(reports) == 1
    assert not file.write(b"lost\n")
    (tmp_path / "logs").unlink()
    clock.now += sinks.RETRY_S
    assert file.write(b"back\n")
    file.close()
    file.reopen()
    assert not file.write(b"late\n")
