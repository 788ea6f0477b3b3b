"""The command line itself: help, versions, errors, exit statuses."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from servescope import __version__
from servescope.cli.app import build_app
from servescope.cli.main import run


@pytest.fixture
def invoke():
    runner = CliRunner()
    return lambda *words: runner.invoke(build_app(), list(words))


def test_help_names_every_command(invoke):
    """What a newcomer reads first."""
    text = invoke("--help").output
    for command in ("start", "llm", "stop", "status", "models", "archive", "metrics", "demo"):
        assert command in text


@pytest.mark.parametrize(
    "words",
    [
        ["models", "register"],
        ["models", "list"],
        ["models", "describe"],
        ["models", "scale"],
        ["models", "unregister"],
        ["models", "set-default"],
        ["metrics", "list"],
        ["metrics", "check"],
        ["archive"],
        ["status"],
        ["stop"],
        ["demo"],
    ],
)
def test_every_command_explains_itself(invoke, words):
    """--help works on each, so its options are well-formed."""
    result = invoke(*words, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_version(invoke):
    """The package's version, and nothing started."""
    assert invoke("--version").output.strip() == f"Servescope {__version__}"


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


def test_scale_without_a_number_is_refused(invoke):
    """The message names the options that were missed."""
    result = invoke("models", "scale", "digits")
    assert result.exit_code == 2
    assert "--min-workers" in result.output


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
def test_numbers_that_are_none_are_refused_by_name(invoke, words, value):
    """Before anything is sent, with the option and the value."""
    result = invoke(*words, value)
    assert result.exit_code == 2
    assert words[-1] in result.output
    assert repr(value) in result.output


def test_no_server_is_one_line_and_status_1(capsys, tmp_path, monkeypatch):
    """A server that cannot be reached is named by its address."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEMP", str(tmp_path))
    assert run(["models", "list", "--management-address", f"unix:{tmp_path}/absent.sock"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "no answer from" in line


def test_stop_without_a_server_says_so(invoke, tmp_path, monkeypatch):
    """Nothing to stop is not a failure: as with TorchServe, the exit status is 0."""
    monkeypatch.setenv("TEMP", str(tmp_path))
    result = invoke("stop")
    assert result.exit_code == 0
    assert "not running" in result.output


def test_start_loads_neither_typer_nor_rich_nor_httpx(tmp_path):
    """A server does not carry the command line's libraries: `start` runs without them up to its settings."""
    program = (
        "import sys; from servescope.cli.main import run; status = run(['start', '--ts-config', 'absent']);"
        "print(status, sorted({'typer', 'rich', 'httpx', 'click'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "1 []"
