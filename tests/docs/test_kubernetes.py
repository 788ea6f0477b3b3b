"""docs/kubernetes.md: commands run as they are printed, options and files are those that there are, numbers are the code's."""

import re
import shlex
from pathlib import Path

import pytest

from cli.help.every import page_of
from operate.kubernetes.planned import planned
from operate.kubernetes.test_files import RELEASES
from servescope.cli.main import run
from servescope.operate.kubernetes.deployed import ENDING_S, PRE_STOP_S
from servescope.operate.kubernetes.objects.deployment import USER, deployment
from servescope.operate.kubernetes.objects.service import service

PAGE = (Path(__file__).parents[2] / "docs" / "kubernetes.md").read_text("utf-8")
LINES = re.findall(r"^servescope (kubernetes .*)$", PAGE, re.MULTILINE)


def rows(title):
    """The cells of the table under a heading, row by row."""
    part = PAGE.partition(f"\n{title}\n")[2].partition("\n#")[0]
    return [
        re.split(r"(?<!\\)\|", line.strip("|"))
        for line in part.splitlines()
        if line.startswith("| ") and "---" not in line
    ]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What the first line writes; the others, which measure, run in tests/integration/kubernetes."""
    monkeypatch.chdir(tmp_path)
    first, *others = LINES
    assert all("--url" in line for line in others)
    assert run(shlex.split(first)) == 0
    return tmp_path / "k8s"


def test_the_files_are_those_that_are_written(folder):
    """No other, and each kind of object by its name."""
    told = {
        cell.strip(" `/"): text
        for cell, text in (row[:2] for row in rows("## Onto a cluster"))
        if "`" in cell and "--" not in cell
    }
    told = {name: text for name, text in told.items() if "=" not in name}
    assert told.keys() == {path.name for path in folder.iterdir()}
    kinds = {re.search(r"^kind: (\w+)", file.read_text(), re.MULTILINE)[1] for file in (folder / "server").iterdir()}
    assert kinds == set(re.findall(r"[A-Z]\w+[a-z]", told["server"].partition(":")[2]))


def test_every_option_is_named():
    """And no other."""
    known = set(
        re.findall(
            r"--[a-z-]+",
            " ".join(row.term for section in page_of("servescope kubernetes").sections for row in section.rows),
        )
    )
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) - {
        "--build-arg",
        "--index-url",
        "--no-deps",
        "--replicas",
    }
    assert named == known - {"--help", "--out", "--token", "--ca-file"} | {"--out"}


def test_numbers_are_the_codes():
    """Defaults, times and the user."""
    (one,) = planned()
    sizes = {row[0].strip(): row[2].strip() for row in rows("## Sizes")[1:]}
    assert (
        sizes["memory of a pod, request and limit"]
        == f"{one.front_end.shown} and {one.models[0].memory.shown} a worker"
    )
    assert sizes["time to start"] == f"{one.models[0].load.shown} to load, so {one.startup_s} s"
    assert sizes["time to end"] == one.models[0].response_timeout.shown
    assert sizes["ports"] == ", ".join(map(str, (one.ports.inference, one.ports.management, one.ports.metrics)))
    assert f"bounds of both autoscalers: {one.least.shown} and {one.most.shown}" in PAGE
    assert f"{one.target.shown} times the batch size" in PAGE
    assert f"user {USER}" in PAGE
    assert f"is {PRE_STOP_S + ENDING_S} s longer" in PAGE
    (port,) = service(one)["spec"]["ports"]
    assert f"http://{service(one)['metadata']['name']}:{port['port']}/" in PAGE
    strategy = deployment(one)["spec"]["strategy"]["rollingUpdate"]
    assert f"(`maxUnavailable: {strategy['maxUnavailable']}`, `maxSurge: {strategy['maxSurge']}`)" in PAGE
    assert f"for {', '.join(RELEASES[:-1])} and the newest" in PAGE
