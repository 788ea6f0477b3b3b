"""A workflow's files become a `.war` as torch-workflow-archiver makes it, and what cannot be packed is named."""

import json
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from servescope.archive.packing.workflow import WorkflowOptions, pack_workflow
from servescope.errors import ConfigurationError


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory with a spec, a handler and an extra file, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "dag.yaml").write_text("models: {}\ndag: {}\n")
    (tmp_path / "spec" / "flow.py").write_text("def before(data, context): return data\n")
    (tmp_path / "words.txt").write_text("hello")
    return tmp_path


def options(**more):
    return WorkflowOptions("w", "spec/dag.yaml", **more)


def test_manifest_and_members(here):
    """All files lie at the root; the manifest has the keys and the time of TorchServe's."""
    made = pack_workflow(
        options(handler="spec/flow.py", extra_files="words.txt"), clock=lambda: datetime(2024, 2, 3, 4, 5, 6)
    )
    assert made.name == "w.war"
    with zipfile.ZipFile(made) as war:
        assert war.namelist() == ["dag.yaml", "flow.py", "words.txt", "WAR-INF/MANIFEST.json"]
        assert json.loads(war.read("WAR-INF/MANIFEST.json")) == {
            "createdOn": "03/02/2024 04:05:06",
            "workflow": {"workflowName": "w", "specFile": "dag.yaml", "handler": "flow.py"},
            "archiverVersion": "0.12.0",
        }


def test_without_handler(here):
    """A workflow without functions of its own has no handler, in the archive or in the manifest."""
    with zipfile.ZipFile(pack_workflow(options())) as war:
        assert "handler" not in json.loads(war.read("WAR-INF/MANIFEST.json"))["workflow"]


def test_an_output_is_overwritten_only_by_force(here):
    """The old archive stays as it was, until --force; nothing is left beside it."""
    (here / "w.war").write_bytes(b"old")
    with pytest.raises(ConfigurationError, match=r"^w\.war already exists: give --force"):
        pack_workflow(options())
    assert (here / "w.war").read_bytes() == b"old"
    pack_workflow(options(force=True))
    assert zipfile.is_zipfile(here / "w.war")
    assert sorted(path.name for path in here.iterdir()) == ["spec", "w.war", "words.txt"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"workflow_name": "a/b"}, "--workflow-name 'a/b': must be letters"),
        ({"workflow_name": ""}, "--workflow-name '': must be letters"),
        ({"spec_file": "no.yaml"}, "--spec-file 'no.yaml': no such file"),
        ({"spec_file": "spec"}, "--spec-file 'spec': not a file"),
        ({"handler": "no.py"}, "--handler 'no.py': no such file"),
        ({"extra_files": "no.txt"}, "--extra-files 'no.txt': no such file"),
        ({"export_path": Path("nowhere")}, "--export-path 'nowhere': not a directory"),
    ],
)
def test_what_cannot_be_packed(here, wrong, told):
    """The option and the value are named, and nothing is written."""
    with pytest.raises(ConfigurationError) as raised:
        pack_workflow(WorkflowOptions(**({"workflow_name": "w", "spec_file": "spec/dag.yaml"} | wrong)))
    assert str(raised.value).startswith(told)
    assert not list(here.glob("*.war"))
