"""What a command says while it goes on."""

import os
import subprocess
import sys

import pytest

SPEAKER = """
import sys
from servescope.cli.voice import mutter, say
for number in range(3):
    (say if sys.argv[1] == "1" else mutter)(f"line {number}")
    sys.stdin.readline()
open("went-on", "w").close()
"""


def speak(stream, tmp_path, reads):
    """Its exit status and what is on the other stream, where somebody reads one line of this one and goes, or reads all."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(
        [sys.executable, "-c", SPEAKER, stream], stdin=subprocess.PIPE, cwd=tmp_path, text=True, **pipes
    ) as child:
        read, other = (child.stdout, child.stderr) if stream == "1" else (child.stderr, child.stdout)
        assert read.readline() == "line 0\n"
        if reads:
            child.stdin.write("\n" * 3)
            child.stdin.close()
            assert read.read() == "line 1\nline 2\n"
        else:
            read.close()
            child.stdin.write("\n" * 3)
            child.stdin.close()
        return child.wait(), other.read()


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams(closed, tmp_path):
    """Are no error, and what is opened later does not get their numbers."""
    code = (
        "import os; from servescope.cli.voice import mutter, open_standard_streams, say; open_standard_streams();"
        " say('a'); mutter('b'); own = os.open('own', os.O_CREAT | os.O_WRONLY); print('c', flush=True); os._exit(own)"
    )
    shell = subprocess.run(["sh", "-c", f'"$0" -c "$1" {closed}', sys.executable, code], cwd=tmp_path, check=False)
    assert shell.returncode > 2
    assert (tmp_path / "own").read_bytes() == b""


def test_a_full_disk_does_not_end_what_goes_on(tmp_path):
    """What was begun is finished."""
    code = "from servescope.cli.voice import say; say('a'); say('b'); open('went-on', 'w').close()"
    with open("/dev/full", "w") as full:
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, stdout=full, check=True)
    assert (tmp_path / "went-on").exists()


def test_each_line_at_once(tmp_path):
    """Before whatever comes next."""
    assert speak("1", tmp_path, reads=True) == (0, "")
    assert speak("2", tmp_path, reads=True) == (0, "")


TALKS = """
import sys
from servescope.cli.voice import open_standard_streams
open_standard_streams()
for stream in (sys.stdout, sys.stderr):
    print("x" * 200_000, file=stream, flush=True)
"""


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_streams_that_do_not_block(unbuffered):
    """As another program may have left them: all is written, however late it is read."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    environ = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen([sys.executable, "-c", TALKS], env=environ, stdout=writer, stderr=writer) as child:
        os.close(writer)
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.5)  # it waits for room
        with open(reader) as read:
            assert read.read() == ("x" * 200_000 + "\n") * 2
        assert child.wait() == 0


def test_who_has_read_enough(tmp_path):
    """Does not end what goes on, and leaves no traceback."""
    for stream in ("1", "2"):
        assert speak(stream, tmp_path, reads=False) == (0, "")
        os.remove(tmp_path / "went-on")
