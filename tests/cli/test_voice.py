"""What a command says while it goes on."""

import os
import subprocess
import sys

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


def test_each_line_at_once(tmp_path):
    """Before whatever comes next."""
    assert speak("1", tmp_path, reads=True) == (0, "")
    assert speak("2", tmp_path, reads=True) == (0, "")


def test_who_has_read_enough(tmp_path):
    """Does not end what goes on, and leaves no traceback."""
    for stream in ("1", "2"):
        assert speak(stream, tmp_path, reads=False) == (0, "")
        os.remove(tmp_path / "went-on")
