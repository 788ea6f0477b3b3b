"""The two archivers by TorchServe's names: what they write, what they say of what they cannot, and their statuses."""

import json
import logging
import re
import subprocess
import sys
import zipfile

import pytest

from servescope.cli.torchserve.archivers import archive_model, archive_workflow, model_parser


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "h.py").write_text("def handle(data, context): return data\n")
    (tmp_path / "dag.yaml").write_text("models: {}\n")
    (tmp_path / "out").mkdir()
    return tmp_path


def test_a_model(here, capsys):
    """Every option, abbreviated too, as argparse takes them; not a word where all went well."""
    line = "--model-na m -v 2 --handler h.py:handle --extra-file dag.yaml --export-path out --archive-format zip-store -c dag.yaml"
    assert archive_model(line.split()) == 0
    with zipfile.ZipFile(here / "out" / "m.mar") as archive:
        model = json.loads(archive.read("MAR-INF/MANIFEST.json"))["model"]
        assert {one.compress_type for one in archive.infolist()} == {zipfile.ZIP_STORED}
    assert model == {"modelName": "m", "handler": "h.py:handle", "modelVersion": "2", "configFile": "dag.yaml"}
    assert capsys.readouterr() == ("", "")


def test_a_workflow(here, capsys):
    """The same for a workflow."""
    line = "--workflow-name w --spec-file dag.yaml --handler h.py --extra-files h.py --export-path out"
    assert archive_workflow(line.split()) == 0
    assert archive_workflow([*line.split(), "-f"]) == 0
    assert zipfile.is_zipfile(here / "out" / "w.war")
    assert capsys.readouterr() == ("", "")


MODEL = "--model-name m --version 1 --handler"
FLOW = "--workflow-name w --spec-file"


@pytest.mark.parametrize(
    ("archive", "line", "told"),
    [
        (archive_model, f"{MODEL} h.py", "m.mar already exists: give --force to overwrite it"),
        (archive_model, f"{MODEL} no.py -f", "--handler 'no.py': no such file"),
        (archive_model, f"{MODEL} h.py -f --export-path no", "--export-path 'no': not a directory"),
        (archive_workflow, f"{FLOW} dag.yaml", "w.war already exists: give --force to overwrite it"),
        (archive_workflow, f"{FLOW} no.yaml -f", "--spec-file 'no.yaml': no such file"),
    ],
)
def test_what_cannot_be_made(here, caplog, archive, line, told):
    """An error that names it, and status 1."""
    (here / "m.mar").touch()
    (here / "w.war").touch()
    assert archive(line.split()) == 1
    assert [(one.levelno, one.getMessage()) for one in caplog.records] == [(logging.ERROR, told)]


@pytest.mark.parametrize(
    "line", ["--model-name m", f"{MODEL} h.py --runtime java", f"{MODEL} h.py --archive-format rar"]
)
def test_command_lines_without_sense(here, line):
    """Status 2, as argparse's."""
    with pytest.raises(SystemExit) as end:
        archive_model(line.split())
    assert end.value.code == 2


def test_the_options_are_torch_model_archivers():
    """The same names as the release that is installed for the tests."""
    code = "from model_archiver.arg_parser import ArgParser; ArgParser.export_model_args_parser()"
    theirs = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True).stdout

    def options(text):
        return set(re.findall(r"^  (?:-\w(?: [A-Z_]+)?, )?(--[\w-]+)", text, re.MULTILINE))

    assert options(model_parser().format_help()) == options(theirs)
    assert len(options(theirs)) > 10
