"""The run file: who runs, and where."""

import os
import subprocess
import sys
import tempfile

import psutil
import pytest
from msgspec.structs import replace

from servescope.cli import runfile
from servescope.errors import ConfigurationError


@pytest.fixture
def path(tmp_path):
    return runfile.location({"TEMP": str(tmp_path)})


@pytest.fixture
def this_process(tmp_path):
    return runfile.RunningServer(
        pid=os.getpid(),
        started_s=psutil.Process().create_time(),
        directory=str(tmp_path),
        inference="http://127.0.0.1:8080",
        management="http://127.0.0.1:8081",
        metrics="http://127.0.0.1:8082",
        logs=str(tmp_path / "logs"),
    )


def test_temp_says_where_it_stands(tmp_path):
    """As with TorchServe, TEMP sets the directory; the name is this project's own."""
    assert runfile.location({"TEMP": str(tmp_path)}) == tmp_path / ".servescope.pid"


def test_it_lasts_as_long_as_the_server(path, this_process):
    """Written on the way in, removed on the way out, for its owner's eyes only; the first line is the process id."""
    with runfile.held(path, this_process):
        assert runfile.read(path) == this_process
        assert path.read_text().splitlines()[0] == str(os.getpid())
        assert path.stat().st_mode & 0o777 == 0o600
    assert not path.exists()


def test_a_second_server_is_refused_by_name(path, this_process):
    """The message names the process, its address and the file."""
    with (
        runfile.held(path, this_process),
        pytest.raises(ConfigurationError, match=f"already running: process {os.getpid()}.*8081"),
        runfile.held(path, this_process),
    ):
        pytest.fail("two servers held one run file")


def test_a_dead_servers_file_is_taken_over(path, this_process):
    """The same process id, given to another process since, is not the server."""
    with runfile.held(path, replace(this_process, started_s=this_process.started_s - 1000)):
        assert runfile.read(path) is None
        with runfile.held(path, this_process):
            assert runfile.read(path) == this_process


@pytest.mark.parametrize("text", ["", "12", "12\n", "12\nnull", "12\n[]", '12\n{"pid": 1}', "x\n{", "\x00\n\x00"])
def test_a_damaged_file_names_no_server(path, text):
    """Whatever stands there, it is not taken for a running server."""
    path.write_text(text)
    assert runfile.read(path) is None


READ = """
import os, sys
from pathlib import Path
from servescope.cli import runfile
from servescope.errors import ConfigurationError
os.setuid(65534)
try:
    runfile.refuse_second(Path(sys.argv[1]))
except ConfigurationError as error:
    print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_another_users_file_in_a_shared_directory(this_process):
    """It is said whose it is, and what to set."""
    with tempfile.TemporaryDirectory() as shared:
        os.chmod(shared, 0o1777)
        path = runfile.location({"TEMP": shared})
        with runfile.held(path, this_process):
            program = [sys.executable, "-c", READ, str(path)]
            said = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"the run file {path} cannot be read: it belongs to another user (root); ")
    assert "Set TEMP to a directory of your own" in said


def test_a_file_that_may_not_be_read(tmp_path):
    """Nor written: what to set is said here too, where it is nobody else's."""
    error = PermissionError(13, "Permission denied")
    told = runfile._why(tmp_path / "absent", error)
    assert told == "Permission denied. Set TEMP to a directory of your own, for all commands of this server"
    assert runfile._why(tmp_path, IsADirectoryError(21, "Is a directory")) == "Is a directory"


def test_a_directory_that_cannot_be_written_is_named(this_process, tmp_path):
    """The error says which file, and why."""
    nowhere = tmp_path / "absent" / runfile.NAME
    with pytest.raises(ConfigurationError, match=r"absent.*No such file"), runfile.held(nowhere, this_process):
        pytest.fail("held a file that cannot exist")
