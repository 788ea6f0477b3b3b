"""The command line itself: versions, errors, exit statuses."""

import os
import subprocess
import sys

import pytest

from servescope import __version__
from servescope.cli.main import run


@pytest.fixture
def said(capsys):
    """What a command prints, on either stream, and its exit status."""

    def say(*words):
        status = run(words)
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return say


@pytest.mark.parametrize("option", ["--version", "-v"])
def test_version(said, option):
    """The package's version, and nothing started."""
    assert said(option) == (0, f"Servescope {__version__}\n")


@pytest.mark.parametrize("words", [[], ["models"], ["metrics"]])
def test_a_group_without_a_command_shows_what_there_is(said, words):
    """With status 2, for nothing was done; asked for help it says the same with 0."""
    status, text = said(*words)
    assert status == 2
    assert said(*words, "--help") == said(*words, "-h") == (0, text)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["statu"], "No such command 'statu'. Did you mean status or start?"),
        (["models", "zzz"], "No such command 'zzz'."),
        (["--verbose"], "No such option '--verbose'."),
        (["models", "--version"], "No such option '--version'."),
        (["status", "--jsn"], "No such option: --jsn"),
        (["status", "stray"], "unexpected extra argument"),
        (["models", "describe"], "Missing argument 'NAME'"),
        (["start", "--jsn"], "unrecognized arguments: --jsn"),
        (["llm"], "MODEL is missing"),
        (["llm", "m", "--replicas", "0"], "--replicas: '0' is no whole number from 1 to 31536000"),
        (["llm", "m", "--foreground", "--detach"], "--detach: not allowed with argument --foreground"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_style(capsys, words, message):
    """Usage, where to find help, and what is wrong, on standard error with status 2, whichever library reads the words."""
    assert run(words) == 2
    out, err = capsys.readouterr()
    usage, help_, empty, error = err.splitlines()
    assert out == empty == ""
    assert usage.startswith("Usage: servescope ")
    command = help_.removeprefix("Try '").removesuffix(" --help' for help.")
    assert usage.startswith(f"Usage: {command} ")
    assert error.startswith("Error: ")
    assert message in error


def test_an_unknown_command_is_status_2(capsys):
    """A command line that makes no sense is not an error of the server."""
    assert run(["serve"]) == 2
    assert "serve" in capsys.readouterr().err


def test_a_setting_that_cannot_be_used_is_one_line_and_status_1(capsys, tmp_path, monkeypatch):
    """The line names the option and the value; no traceback."""
    monkeypatch.chdir(tmp_path)
    assert run(["start", "--ts-config", "absent.properties"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("servescope: ")
    assert "--ts-config" in line
    assert "absent.properties" in line


def test_scale_without_a_number_is_refused(said):
    """The message names the options that were missed."""
    status, text = said("models", "scale", "digits")
    assert status == 2
    assert "say how many: --min-workers" in text


@pytest.mark.parametrize("value", ["many", "-1", "1.5", ""])
@pytest.mark.parametrize(
    "words",
    [
        ["models", "register", "noop.mar", "--batch-size"],
        ["models", "register", "noop.mar", "--workers"],
        ["models", "register", "noop.mar", "--response-timeout"],
        ["models", "scale", "noop", "--min-workers"],
        ["stop", "--timeout"],
        ["demo", "--port-base"],
    ],
)
def test_numbers_that_are_none_are_refused_by_name(said, words, value):
    """Before anything is sent, with the option and the value."""
    status, text = said(*words, value)
    assert status == 2
    assert words[-1] in text
    assert repr(value) in text


def test_no_server_is_one_line_and_status_1(capsys, tmp_path, monkeypatch):
    """A server that cannot be reached is named by its address."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEMP", str(tmp_path))
    assert run(["models", "list", "--management-address", f"unix:{tmp_path}/absent.sock"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "no answer from" in line


def test_stop_without_a_server_says_so(said, tmp_path, monkeypatch):
    """Nothing to stop is not a failure: as with TorchServe, the exit status is 0."""
    monkeypatch.setenv("TEMP", str(tmp_path))
    status, text = said("stop")
    assert status == 0
    assert "not running" in text


PRINTING = [
    ["--help"],
    ["--version"],
    ["models", "--help"],
    ["start", "--help"],
    ["status", "--help"],
    ["metrics", "list"],
]


def written_to(stdout, words, unbuffered):
    """A command's end, with this as its standard output."""
    command = [sys.executable, "-m", "servescope.cli.main", *words]
    environ = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    return subprocess.run(command, env=environ, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_a_reader_that_has_read_enough_is_no_error(words, unbuffered):
    """As with `| head`: no word of it, whenever the output is written, and the status of a tool that SIGPIPE ends."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        result = written_to(closed, words, unbuffered)
    assert (result.stderr, result.returncode) == ("", 141)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_a_full_disk_is_one_line(words, unbuffered):
    """With the reason, and status 1."""
    with open("/dev/full", "w") as full:
        result = written_to(full, words, unbuffered)
    said = "servescope: standard output cannot be written: No space left on device\n"
    assert (result.stderr, result.returncode) == (said, 1)
