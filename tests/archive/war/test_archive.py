"""A .war is unpacked and described, or refused with its URL and what is wrong; then nothing of it is left."""

import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.archive.downloaded import publish_download
from servescope.archive.packing.workflow import WorkflowOptions, pack_workflow
from servescope.archive.source import Fetched
from servescope.archive.war.archive import open_war
from servescope.archive.war.errors import InvalidWorkflow
from servescope.archive.war.manifest import WarManifest, parse_war_manifest
from servescope.errors import InvalidModel, ServescopeError

WORKFLOW = {"workflowName": "w", "specFile": "s.yaml", "handler": "h.py"}
FILES = {"s.yaml": "dag: {a: []}", "h.py": "def a(data, context): ..."}


def make(path, workflow=WORKFLOW, files=FILES, manifest=None):
    with zipfile.ZipFile(path, "w") as war:
        if manifest is not False:
            war.writestr("WAR-INF/MANIFEST.json", json.dumps({"workflow": workflow}) if manifest is None else manifest)
        for name, text in files.items():
            war.writestr(name, text)
    return Fetched(path, downloaded=False)


def test_an_archive(tmp_path):
    """Its files lie below the workspace until it is closed; closing it twice does no harm."""
    war = open_war(make(tmp_path / "w.war"), "w.war", tmp_path / "work")
    assert (war.name, war.url, war.spec_file, war.spec_text, war.handler) == (
        "w",
        "w.war",
        "s.yaml",
        "dag: {a: []}",
        "h.py",
    )
    assert (war.directory / "h.py").read_text().startswith("def a")
    assert war.directory.parent == tmp_path / "work" / "workflows"
    war.close()
    war.close()
    assert not war.directory.exists()
    assert (tmp_path / "w.war").exists()


def test_what_our_own_packer_makes(tmp_path, monkeypatch):
    """Comes back as it was packed."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    path = pack_workflow(WorkflowOptions("mine", "s.yaml", "h.py"))
    war = open_war(Fetched(path, downloaded=False), "mine.war", tmp_path / "work", "other")
    assert (war.name, war.spec_text, war.handler) == ("other", FILES["s.yaml"], "h.py")


def test_a_download_goes_with_it(tmp_path):
    """Also where it cannot be opened."""
    for name, good in (("good.war", True), ("bad.war", False)):
        make(tmp_path / "part", WORKFLOW if good else {})
        fetched = Fetched(publish_download(tmp_path / "part", tmp_path / name), downloaded=True)
        if good:
            open_war(fetched, name, tmp_path / "work").close()
        else:
            with pytest.raises(InvalidWorkflow):
                open_war(fetched, name, tmp_path / "work")
        assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ({"manifest": False}, "Workflow name is not defined. Archive w.war has no WAR-INF/MANIFEST.json"),
        ({"manifest": "{"}, "WAR-INF/MANIFEST.json of w.war is not valid JSON"),
        ({"manifest": "[]"}, "WAR-INF/MANIFEST.json of w.war must be a JSON object, and is a list"),
        ({"manifest": '{"workflow": 3}'}, "WAR-INF/MANIFEST.json of w.war: workflow is 3, and must be an object"),
        ({"workflow": {"specFile": "s.yaml"}}, "Workflow name is not defined. WAR-INF/MANIFEST.json of w.war has no"),
        (
            {"workflow": WORKFLOW | {"workflowName": "a/b"}},
            "Workflow name 'a/b': slashes and backslashes divide a path",
        ),
        ({"workflow": {"workflowName": "w"}}, "WAR-INF/MANIFEST.json of w.war has no specFile"),
        (
            {"workflow": WORKFLOW | {"specFile": "../s.yaml"}},
            "WAR-INF/MANIFEST.json of w.war: specFile is '../s.yaml': '..'",
        ),
        (
            {"workflow": WORKFLOW | {"handler": "/h.py"}},
            "WAR-INF/MANIFEST.json of w.war: handler is '/h.py': an absolute",
        ),
        ({"workflow": WORKFLOW | {"specFile": "no.yaml"}}, "no.yaml of w.war: no such file in the archive"),
        (
            {"workflow": WORKFLOW | {"handler": "no.py"}},
            "no.py, which WAR-INF/MANIFEST.json of w.war names as handler, is not",
        ),
        ({"files": FILES | {"s.yaml": b"\xff"}}, "s.yaml of w.war is not UTF-8"),
        ({"files": FILES | {"../evil": "x"}}, "'..' is not allowed"),
        ({"files": FILES | {"/evil": "x"}}, "an absolute path is not allowed"),
    ],
)
def test_refusals(tmp_path, how, text):
    """Nothing is left."""
    with pytest.raises(InvalidWorkflow) as refusal:
        open_war(make(tmp_path / "w.war", **how), "w.war", tmp_path / "work")
    assert text in str(refusal.value)
    assert not [path for path in (tmp_path / "work").rglob("*") if path.is_file()]
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "Archive w.war is corrupt: it is no zip file"),
        (b"plain", "Archive w.war is corrupt: it is no zip file"),
        (b"PK\x03\x04" + b"x" * 50, "Archive w.war is corrupt"),
    ],
)
def test_corrupt_files(tmp_path, data, text):
    """They are called so."""
    (tmp_path / "w.war").write_bytes(data)
    with pytest.raises(InvalidWorkflow, match=text):
        open_war(Fetched(tmp_path / "w.war", downloaded=False), "w.war", tmp_path / "work")


def test_a_directory(tmp_path):
    """It is no archive, as in TorchServe."""
    with pytest.raises(InvalidWorkflow, match=r"Archive d is no file; a workflow is a \.war"):
        open_war(Fetched(tmp_path, downloaded=False), "d", tmp_path / "work")


def test_a_workspace_that_cannot_be_written(tmp_path):
    """The reason is the system's."""
    (tmp_path / "work").write_text("in the way")
    with pytest.raises(ServescopeError, match=r"Failed to save workflow: w\.war: Not a directory"):
        open_war(make(tmp_path / "w.war"), "w.war", tmp_path / "work")


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_any_manifest(data):
    """It is one or refused, and nothing else happens."""
    try:
        found = parse_war_manifest(data, "w.war")
    except InvalidModel as error:
        assert "w.war" in str(error)  # noqa: PT017
    else:
        assert isinstance(found, WarManifest)
