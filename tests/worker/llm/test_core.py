"""The engine's own process: bound to the worker's life, and able to leave word of why it failed."""

import os
import signal
import subprocess
import sys

import pytest

from servescope.worker.llm.core import REASON_FILE, telling, write_reason


def test_the_first_reason_stays(tmp_path, monkeypatch):
    """What fails later fails because of the first."""
    file = tmp_path / "reason"
    file.touch()
    monkeypatch.setenv(REASON_FILE, str(file))

    def fail(text):
        raise ValueError(text)

    with pytest.raises(ValueError, match="weights"):
        telling(fail)("no weights")
    write_reason(RuntimeError("initialization failed"))
    assert file.read_text() == "ValueError: no weights"


def test_once_the_engine_has_started(tmp_path, monkeypatch):
    """The file is gone, and what is raised is not hidden by that."""
    monkeypatch.setenv(REASON_FILE, str(tmp_path / "gone"))

    def fail():
        raise ValueError("out of memory")

    with pytest.raises(ValueError, match="out of memory"):
        telling(fail)()
    assert not (tmp_path / "gone").exists()


def test_without_a_file(monkeypatch):
    """Nobody asked for it: nothing is written."""
    monkeypatch.delenv(REASON_FILE, raising=False)
    write_reason(ValueError("x"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a child with its parent")
def test_ends_with_its_parent():
    """A child goes when its parent is killed, however that ends."""
    child = "import os, sys; from servescope.worker.llm.core import die_with_parent; die_with_parent(os.getppid()); "
    child += "print(os.getpid(), flush=True); sys.stdin.read()"
    # The pipe to its stdin is ours and stays open: nothing but its parent's end can end it.
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]).wait()"
    reader, writer = os.pipe()
    with subprocess.Popen([sys.executable, "-c", parent], stdin=reader, stdout=subprocess.PIPE) as process:
        assert int(process.stdout.readline()) != process.pid
        process.send_signal(signal.SIGKILL)
        assert process.stdout.read() == b""  # the child held it open too
    os.close(reader)
    os.close(writer)
