"""`servescope snapshots`: what a start would go on from."""

import json
import os
from datetime import UTC, datetime

import psutil
import pytest

from servescope.cli import runfile
from servescope.cli.main import run
from servescope.config.choice import SNAPSHOTS
from servescope.config.snapshots.file import MODEL_SNAPSHOT, render
from servescope.config.snapshots.folder import SnapshotFolder, open_snapshot
from servescope.config.snapshots.saved import SavedModels, SavedVersion, written

NOW = datetime(2026, 11, 28, 16, 22, 18, 210_000, UTC)
OLD, NEW = "20261128162218210-startup.cfg", "20261128162218211-snapshot.cfg"


def content(**versions):
    """Of a snapshot with these versions of m."""
    saved = {version[1:]: SavedVersion(mar_name=mar, min_workers=2, max_workers=3) for version, mar in versions.items()}
    models = SavedModels(model_count=len(saved), models={"[b]m": saved})
    return render({"job_queue_size": "7"}, written(models))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two snapshots, of a server that has ended."""
    monkeypatch.setenv("TEMP", str(tmp_path))
    monkeypatch.setenv("LOG_LOCATION", str(tmp_path / "logs"))
    monkeypatch.setenv("COLUMNS", "120")
    folder = SnapshotFolder(tmp_path / "logs" / SNAPSHOTS)
    folder.write(content(v1="a.mar"), "startup", NOW)
    folder.write(content(v1="a.mar", v2="b.mar"), "snapshot", NOW)
    return folder


def test_they_are_listed_the_newest_first(folder, capsys):
    """With what they were taken at, when, and what is in them; names are text."""
    assert run(["snapshots", "list"]) == 0
    *_, new, old, _ = capsys.readouterr().out.splitlines()
    assert new.split() == ["1", NEW, "2026-11-28", "16:22:18", "snapshot", "[b]m", "1,", "[b]m", "2"]
    assert old.split()[:2] == ["2", OLD]


def test_a_damaged_one_is_listed_with_what_is_wrong(folder, capsys):
    """For programs too."""
    (folder.directory / NEW).write_bytes(content(v1="a.mar")[:-9])
    assert run(["snapshots", "list", "--json"]) == 0
    new, old = json.loads(capsys.readouterr().out)
    assert (new["file"], new["models"]) == (NEW, [])
    assert "checksum" in new["damage"]
    assert (old["models"], old["damage"]) == (["[b]m 1"], None)


def test_one_is_shown(folder, capsys):
    """The last where none is named; by name or path; as JSON as it is kept."""
    assert run(["snapshots", "show"]) == 0
    assert "b.mar" in capsys.readouterr().out
    for named in (OLD, "2", str(folder.directory / OLD)):
        assert run(["snapshots", "show", named, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["models"]["[b]m"]["1"]["marName"] == "a.mar"


def test_one_is_restored(folder, capsys):
    """A copy is the newest, with settings and models of the one that was named."""
    assert run(["snapshots", "restore", OLD]) == 0
    newest, properties = folder.files()[0], next(folder.whole()).properties
    assert str(newest) in capsys.readouterr().out
    assert newest.name not in (OLD, NEW)
    assert properties == open_snapshot(folder.directory / OLD).properties


def test_beside_a_server_that_runs_nothing_is_restored(folder, tmp_path, capsys):
    """Its own would be newer. Those of another are none of its business."""
    process = psutil.Process()
    logs = str(tmp_path / "logs")
    server = runfile.RunningServer(os.getpid(), process.create_time(), str(tmp_path), "i", "m", "x", logs)
    with runfile.held(runfile.location({"TEMP": str(tmp_path)}), server):
        assert run(["snapshots", "restore", OLD]) == 1
        assert "stop it first" in capsys.readouterr().err
        assert run(["snapshots", "restore", str(folder.directory / OLD), "--logs", str(tmp_path / "other")]) == 0
    assert len(folder.files()) == 2


@pytest.mark.parametrize("words", [["show", "3"], ["restore", "nosuch.cfg"], ["show", "9" * 5000]])
def test_one_that_is_not_there_is_named(folder, words, capsys):
    """With where it was looked for."""
    assert run(["snapshots", *words]) == 1
    assert f"no snapshot {words[1]!r}, neither in {folder.directory}" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["show", NEW], ["restore", NEW]])
@pytest.mark.parametrize(
    ("text", "why"), [(content(v1="a.mar")[:-9], "checksum"), (render({}, "{"), MODEL_SNAPSHOT), (b"", MODEL_SNAPSHOT)]
)
def test_a_damaged_one_is_neither_shown_nor_restored(folder, words, text, why, capsys):
    """What is wrong is said, and nothing is written."""
    (folder.directory / NEW).write_bytes(text)
    assert run(["snapshots", *words]) == 1
    said = capsys.readouterr().err
    assert NEW in said
    assert why in said
    assert len(folder.files()) == 2


def test_where_there_are_none_that_is_said(tmp_path, monkeypatch, capsys):
    """`show` has nothing to show; a list may be empty."""
    monkeypatch.setenv("TEMP", str(tmp_path))
    assert run(["snapshots", "list", "--logs", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run(["snapshots", "show", "--logs", str(tmp_path)]) == 1
    assert str(tmp_path / SNAPSHOTS) in capsys.readouterr().err
