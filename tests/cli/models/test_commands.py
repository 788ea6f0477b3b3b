"""The command lines of `servescope models` and `servescope workflow`: what they have in common."""

import pytest

from cli.help.every import COMMANDS, page_of
from servescope.cli.main import run

ASKING = [name for name in COMMANDS if name.startswith(("servescope models ", "servescope workflow "))]
NAMING = [name for name in ASKING if " NAME" in page_of(name).usage.replace("--workflow-name NAME", "")]


@pytest.mark.parametrize("name", [name for name in ASKING if name != "servescope workflow archive"])
def test_each_says_which_server_is_asked(name):
    """By the same three options, behind all others but --help."""
    rows = [row.term for section in page_of(name).sections if section.title == "Options" for row in section.rows]
    assert rows[-4:] == ["--management-address URL", "--token KEY", "--ca-file FILE", "-h, --help"]


@pytest.mark.parametrize("name", NAMING)
def test_an_empty_name_is_none(name, capsys):
    """It would be the path of all models, or all workflows."""
    version = ["1.0"] if name.endswith("set-default") else []
    assert run([*name.split()[1:], "", *version, "--management-address", "http://127.0.0.1:1"]) == 2
    assert "'' is no name" in capsys.readouterr().err


def test_some_take_a_name():
    """The tests above have something to look at."""
    assert len(NAMING) == 6
