"""`servescope grafana`: files in a folder, nothing overwritten unasked, refusals on one line."""

import json

import pytest

from servescope.cli.main import run


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_it_writes_boards_and_provisioning(tmp_path, capsys):
    """Without a server, and without any option; a second time there is nothing to do."""
    assert run(["grafana", str(tmp_path / "new" / "grafana")]) == 0
    assert names(tmp_path / "new" / "grafana") == [
        "dashboards/servescope-hosts.json",
        "dashboards/servescope-llm.json",
        "dashboards/servescope-model.json",
        "dashboards/servescope-overview.json",
        "dashboards/servescope-torchserve.json",
        "provisioning/dashboards/servescope.yml",
        "provisioning/datasources/servescope.yml",
    ]
    assert run(["grafana", str(tmp_path / "new" / "grafana")]) == 0
    assert "0 files written, 7 as they were" in capsys.readouterr().out


def test_nothing_is_overwritten_unasked(tmp_path, capsys):
    """A board that was changed stays, and so does everything else; --force writes it anew."""
    changed = tmp_path / "dashboards" / "servescope-model.json"
    changed.parent.mkdir()
    changed.write_text("mine")
    assert run(["grafana", str(tmp_path)]) == 1
    assert "dashboards/servescope-model.json" in capsys.readouterr().err
    assert names(tmp_path) == ["dashboards/servescope-model.json"]
    assert changed.read_text() == "mine"
    assert run(["grafana", str(tmp_path), "--force"]) == 0
    assert json.loads(changed.read_text("utf-8"))["uid"] == "servescope-model"


@pytest.mark.parametrize("native", [False, True])
def test_the_form_is_chosen(tmp_path, native):
    """--native reads no buckets."""
    assert run(["grafana", str(tmp_path), *(["--native"] if native else [])]) == 0
    board = (tmp_path / "dashboards" / "servescope-model.json").read_text("utf-8")
    assert ("servescope_request_duration_seconds_bucket" in board) != native


@pytest.mark.parametrize(
    ("option", "value"),
    [("--datasource-uid", 'x"y'), ("--url", "nowhere"), ("--traces-url", "file:///x"), ("--boards-path", "here")],
)
def test_what_makes_no_sense_is_refused(tmp_path, capsys, option, value):
    """One line that names the option and the value, and no file."""
    assert run(["grafana", str(tmp_path), option, value]) == 1
    assert f"{option} {value!r}" in capsys.readouterr().err
    assert names(tmp_path) == []
