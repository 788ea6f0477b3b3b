"""`servescope simulate`: a table or JSON of all policies, pictures in a folder, and errors that name option and value."""

import json
import sys

import pytest

from servescope.autoscaler.simulator.plot import FILES
from servescope.cli.main import run

NAMES = ["servescope", "kpa", "hpa", "ray", "aibrix", "keda", "dynamo", "fixed", "perfect"]
SHORT = (
    "simulate",
    "--pattern",
    "step",
    "--duration-s",
    "300",
    "--service-time",
    "lognormal:0.2,0.5",
    "--load-time",
    "5",
)


def said(capsys, *words):
    """Status, standard output, standard error."""
    status = run(words)
    out, err = capsys.readouterr()
    return status, out, err


def scores(capsys, *words):
    status, out, err = said(capsys, *words, "--json")
    assert (status, err) == (0, "")
    return json.loads(out)["policies"]


def test_json_has_these_keys_and_names(capsys):
    """And nothing else; the score is relative to the perfect pool's cost, and the same each time."""
    found = scores(capsys, *SHORT)
    assert [one["name"] for one in found] == NAMES
    for one in found:
        assert list(one) == ["name", "worker_seconds", "inside", "p99_ms", "changes", "over_perfect"]
        assert one["over_perfect"] == pytest.approx(one["worker_seconds"] / found[-1]["worker_seconds"], abs=1e-3)
        assert 0 <= one["inside"] <= 1
    assert found[-1]["over_perfect"] == 1.0
    assert scores(capsys, *SHORT) == found
    assert scores(capsys, *SHORT, "--seed", "2") != found


def test_the_table_fits_into_80_columns(capsys, monkeypatch):
    """A row a policy, and how good the perfect one is."""
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = said(capsys, *SHORT)
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    assert all(f" {name} " in out for name in NAMES)
    assert "no pool can do with less than" in out


def test_policies_are_chosen(capsys):
    """Repeated or with commas; the order is always the same."""
    found = scores(capsys, *SHORT, "--policy", "perfect", "--policy", "hpa,kpa")
    assert [one["name"] for one in found] == ["kpa", "hpa", "perfect"]


def test_a_trace_is_read(capsys, tmp_path):
    """With bounds and batches."""
    file = tmp_path / "trace.csv"
    file.write_text("minute,requests\n0,100\n1,0\n2,600\n")
    words = (
        "simulate",
        "--trace",
        str(file),
        "--service-time",
        "constant:0.5",
        "--load-time",
        "1",
        "--batch-size",
        "4",
    )
    found = scores(capsys, *words, "--max-batch-delay", "50", "--min-workers", "2", "--max-workers", "3")
    assert all(2 * 180 - 1e-6 <= one["worker_seconds"] <= 3 * 180 + 60 for one in found)
    (calm,) = scores(capsys, *words, "--burstiness", "1", "--policy", "fixed")
    (wild,) = scores(capsys, *words, "--burstiness", "30", "--policy", "fixed")
    assert calm["p99_ms"] < wild["p99_ms"]


def test_the_objective_is_five_medians_unless_it_is_given(capsys):
    """Of the service time."""
    words = (*SHORT, "--policy", "fixed")
    assert scores(capsys, *words) == scores(capsys, *words, "--slo-ms", "1000")
    assert scores(capsys, *words)[0]["inside"] > scores(capsys, *words, "--slo-ms", "150")[0]["inside"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--service-time", "x"], "--service-time 'x' is none of"),
        (["--service-time", "constant:0"], "--service-time 'constant:0': 0 s is not"),
        (["--policy", "best"], "--policy 'best' is none of servescope, kpa"),
        (["--policy", ""], "--policy '' is none of"),
        (["--pattern", "wild"], "--pattern 'wild' is none of steady, step"),
        (["--trace", "absent"], "--trace absent and --pattern step are given"),
        (["--burstiness", "2"], "--burstiness 2: --pattern step has none"),
        (["--min-workers", "5", "--max-workers", "4"], "--min-workers 5 is more than --max-workers 4"),
        (["--rate", "1e5", "--duration-s", "604800"], "at most 2,000,000 can be simulated"),
        (["--rate", "0.001", "--duration-s", "1"], "no request came of it"),
    ],
)
def test_what_makes_no_sense_is_refused(capsys, words, text):
    """One line that names the option and the value, and status 1."""
    status, out, err = said(capsys, *SHORT, *words)
    assert (status, out) == (1, "")
    assert text in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--rate", "0"),
        ("--rate", "nan"),
        ("--duration-s", "-1"),
        ("--burstiness", "0.5"),
        ("--burstiness", "inf"),
        ("--load-time", "-1"),
        ("--load-time", "x"),
        ("--min-workers", "0"),
        ("--max-workers", "1.5"),
        ("--batch-size", "0"),
        ("--max-batch-delay", "-5"),
        ("--slo-ms", "0"),
        ("--seed", "-1"),
    ],
)
def test_numbers_have_limits(capsys, option, value):
    """The option and the value are named; status 2."""
    status, _, err = said(capsys, *SHORT, option, value)
    assert status == 2
    assert option in err
    assert repr(value) in err


def test_a_trace_excludes_what_is_for_patterns(capsys, tmp_path):
    """And one of both is needed."""
    file = tmp_path / "trace.csv"
    file.write_text("minute,requests\n0,100\n")
    needed = ("--service-time", "constant:0.1", "--load-time", "1")
    assert "--rate 5 is for --pattern" in said(capsys, "simulate", "--trace", str(file), "--rate", "5", *needed)[2]
    assert "--trace or --pattern has to be given" in said(capsys, "simulate", *needed)[2]


FEW = (*SHORT, "--policy", "kpa,perfect")


def test_pictures_are_written(capsys, tmp_path):
    """Into a folder that is made; again only with --force, over those that were generated; what else is there stays."""
    out = tmp_path / "new" / "out"
    assert said(capsys, *FEW, "--out", str(out))[0] == 0
    assert sorted(file.name for file in out.iterdir()) == sorted(FILES)
    status, _, err = said(capsys, *FEW, "--out", str(out))
    assert status == 1
    assert f"--out {out}: it has files already; give --force" in err
    (out / "mine.txt").write_text("mine")
    (out / FILES[0]).write_bytes(b"x servescope simulate x")
    assert said(capsys, *FEW, "--out", str(out), "--force")[0] == 0
    assert (out / FILES[0]).read_bytes().startswith(b"\x89PNG")
    assert (out / "mine.txt").read_text() == "mine"


def test_an_empty_folder_is_as_good_as_none(capsys, tmp_path):
    """There is nothing in it to be lost."""
    assert said(capsys, *FEW, "--out", str(tmp_path))[0] == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(FILES)


def test_what_was_not_generated_is_never_overwritten(capsys, tmp_path):
    """Not even with --force; nor is a link followed, nor a file taken for a folder."""
    (tmp_path / FILES[1]).write_text("mine")
    status, _, err = said(capsys, *FEW, "--out", str(tmp_path), "--force")
    assert status == 1
    assert f"--out {tmp_path}: {FILES[1]} was not made by a simulation" in err
    assert [file.name for file in tmp_path.iterdir()] == [FILES[1]]
    (tmp_path / FILES[1]).unlink()
    elsewhere = tmp_path.parent / "elsewhere"
    elsewhere.write_text("servescope simulate")
    (tmp_path / FILES[0]).symlink_to(elsewhere)
    assert said(capsys, *FEW, "--out", str(tmp_path), "--force")[0] == 1
    assert elsewhere.read_text() == "servescope simulate"
    (tmp_path / FILES[0]).unlink()
    (tmp_path / FILES[0]).symlink_to(tmp_path.parent / "nowhere")
    assert said(capsys, *FEW, "--out", str(tmp_path), "--force")[0] == 1
    assert not (tmp_path.parent / "nowhere").exists()
    assert f"--out {elsewhere}: it is no folder" in said(capsys, *FEW, "--out", str(elsewhere))[2]


def test_the_extra_is_named_before_the_work_is_done(capsys, tmp_path, monkeypatch):
    """Where matplotlib is missing."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    status, out, err = said(capsys, *FEW, "--out", str(tmp_path / "out"))
    assert (status, out) == (1, "")
    assert "--out needs the extra plots" in err
    assert not (tmp_path / "out").exists()
