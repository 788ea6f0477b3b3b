"""`servescope archive` takes torch-model-archiver's options, long and short, and says in one line what is wrong."""

import json
import pty
import subprocess
import sys
import zipfile

import pytest
import typer
from typer.testing import CliRunner

from servescope.cli.archive import archive


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that runs the command in a directory with a model's files."""
    for name in ("h.py", "w.pt", "net.py", "r.txt", "c.yaml", "x.txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(archive)
    return lambda *arguments: CliRunner().invoke(app, arguments)


def manifest(path):
    with zipfile.ZipFile(path) as packed:
        return json.loads(packed.read("MAR-INF/MANIFEST.json"))


def test_long_options(run):
    """Every long option is taken."""
    line = (
        "--model-name m --version 1 --handler h.py --serialized-file w.pt --model-file net.py --extra-files x.txt"
        " --runtime python3 --export-path out --archive-format zip-store --force"
        " --requirements-file r.txt --config-file c.yaml"
    )
    result = run(*line.split())
    assert result.exit_code == 0
    assert result.stdout == "out/m.mar\n"
    assert result.stderr == ""
    written = manifest("out/m.mar")
    assert written["runtime"] == "python3"
    assert written["model"] == {
        "modelName": "m",
        "serializedFile": "w.pt",
        "handler": "h.py",
        "modelFile": "net.py",
        "modelVersion": "1",
        "requirementsFile": "r.txt",
        "configFile": "c.yaml",
    }


def test_short_options(run):
    """So are the short ones, and the archive goes to the working directory."""
    for _ in range(2):
        result = run("--model-name", "m", "-v", "1", "--handler", "h.py", "-f", "-r", "r.txt", "-c", "c.yaml")
        assert result.exit_code == 0
    assert manifest("m.mar")["model"]["configFile"] == "c.yaml"


@pytest.mark.parametrize("missing", ["--model-name", "--version", "--handler"])
def test_required(run, missing):
    """Name, version and handler are required."""
    given = {"--model-name": "m", "--version": "1", "--handler": "h.py"}
    del given[missing]
    result = run(*(word for pair in given.items() for word in pair))
    assert result.exit_code == 2
    assert missing in result.stderr


def test_errors(run):
    """An error is one line on standard error, with exit status 1."""
    result = run("--model-name", "m", "-v", "1", "--handler", "absent.py")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "servescope archive: --handler 'absent.py': no such file\n"


def test_existing(run):
    """An output that exists is named, and kept."""
    arguments = ("--model-name", "m", "-v", "1", "--handler", "h.py")
    assert run(*arguments).exit_code == 0
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stderr == "servescope archive: m.mar already exists: give --force to overwrite it\n"


def test_progress_bar(run, tmp_path):
    """On a terminal there is a progress bar, on standard error alone."""
    code = "import typer; from servescope.cli.archive import archive; typer.run(archive)"
    arguments = ["--model-name", "m", "-v", "1", "--handler", "h.py"]
    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0) as terminal:
        with open(theirs, "wb") as end:
            done = subprocess.run(
                [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=end, check=True
            )
        assert b"Packing" in terminal.read(4096)
    assert done.stdout == b"m.mar\n"


def test_folders_and_modules(run, tmp_path):
    """Folders are kept on request, and a module's name brings its package along, or a warning that there is none here."""
    (tmp_path / "lib" / "sub").mkdir(parents=True)
    (tmp_path / "lib" / "sub" / "h.py").write_text("")
    common = ("--model-name", "m", "--version", "1", "-f")
    assert run(*common, "--handler", "h.py", "--extra-files", "lib", "--keep-folders").exit_code == 0
    with zipfile.ZipFile("m.mar") as packed:
        assert set(packed.namelist()) == {"h.py", "lib/sub/h.py", "MAR-INF/MANIFEST.json"}
    assert run(*common, "--handler", "lib.sub.h:Mine").exit_code == 0
    assert manifest("m.mar")["model"]["handler"] == "lib.sub.h:Mine"
    done = subprocess.run(
        [sys.executable, "-c", "from servescope.cli.main import main; main()", "archive", *common, "--handler", "a.b"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "'a.b': there is no a/b.py here, so a.b must be installed where the model is served" in done.stderr
