"""The examples at the end of every command's help, run as they are printed, in one directory with one server after another."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.help.every import EVERY, page_of
from integration.server import addresses, own_ports, properties

pytestmark = pytest.mark.integration

REPOSITORY = Path(__file__).parents[3]
# What needs no server; what does, in an order in which each finds what it needs; the last ends the server.
STORY = (
    "servescope archive",
    "servescope workflow archive",
    "servescope simulate",
    "servescope kubernetes",
    "servescope start",
    "servescope status",
    "servescope",
    "servescope models register",
    "servescope workflow register",
    "servescope workflow list",
    "servescope workflow describe",
    "servescope workflow unregister",
    "servescope workflow",
    "servescope models list",
    "servescope models describe",
    "servescope models scale",
    "servescope models set-default",
    "servescope models unregister",
    "servescope models",
    "servescope metrics list",
    "servescope metrics check",
    "servescope metrics",
    "servescope prometheus",
    "servescope grafana",
    "servescope stop",
    "servescope snapshots list",
    "servescope snapshots show",
    "servescope snapshots restore",
    "servescope snapshots",
)
# These train, load or drive for minutes (test_demo_once.py and test_plan.py beside this file, tests/llm), or need a terminal.
LONG = ("servescope demo", "servescope llm", "servescope plan", "servescope top")


@pytest.fixture
def place(tmp_path):
    """A checkout's examples, free ports, a metrics.yaml, a workflow's files, and a shell that has `servescope`."""
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    (tmp_path / "metrics.yaml").write_text(
        "model_metrics: {counter: [{name: Calls, unit: count, dimensions: [ModelName]}]}\n"
    )
    (tmp_path / "workflow.yaml").write_text("dag:\n  first: [second]\n")
    (tmp_path / "functions.py").write_text("def first(data, context):\n    return data\n\n\nsecond = first\n")
    (tmp_path / "config.properties").write_text(properties(addresses(own_ports())))
    command = tmp_path / "bin" / "servescope"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m servescope.cli.main "$@"\n')
    command.chmod(0o755)
    yield tmp_path
    shell(tmp_path, "servescope stop")


def shell(place, line):
    """Run a line to its end."""
    return subprocess.run(
        ["sh", "-c", line], cwd=place, env=environ(place), capture_output=True, text=True, check=False
    )


def environ(place):
    return os.environ | {"TEMP": str(place), "PATH": f"{place / 'bin'}:{os.environ['PATH']}"}


def in_the_foreground(place, line):
    """Start a server that stays in the foreground, and stop it once it says that it has started."""
    with subprocess.Popen(
        ["sh", "-c", line], cwd=place, env=environ(place), stdout=subprocess.PIPE, text=True
    ) as server:
        assert any("Model server started" in said for said in server.stdout)
        assert shell(place, "servescope stop").returncode == 0
    assert server.returncode == 0


def test_every_command_is_in_the_story():
    """A new one has to be put where it finds what its examples need."""
    assert sorted([*STORY, *LONG]) == sorted(EVERY)


def test_examples_run_as_they_are_printed(place):
    """Each with status 0."""
    for name in STORY:
        for line in page_of(name).examples:
            if line.startswith(LONG):
                continue
            if name == "servescope start" and "--detach" not in line:
                in_the_foreground(place, line)
                continue
            result = shell(place, line)
            assert result.returncode == 0, f"{line}\n{result.stdout}{result.stderr}"
