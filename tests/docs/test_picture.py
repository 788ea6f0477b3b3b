"""docs/demo.svg, which `make picture` draws, is of the tables that the demo shows now."""

import re
from pathlib import Path

import pytest

from servescope.cli.demo.alerts_table import alerts_table
from servescope.cli.tables import red_table

ROOT = Path(__file__).parents[2]
PICTURE = (ROOT / "docs" / "demo.svg").read_text("utf-8").replace("&#160;", " ")


def test_the_readme_shows_it():
    """And says what is on it, for whoever does not see it."""
    assert re.search(r"^!\[[^\]]+\]\(docs/demo\.svg\)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("table", [red_table([]), alerts_table([])], ids=["red", "alerts"])
def test_its_tables_are_those_of_today(table):
    """Title and columns."""
    drawn = " ".join(re.sub(r"<[^>]*>", " ", PICTURE).split())
    assert str(table.title) in drawn
    assert " ".join(str(column.header) for column in table.columns) in drawn


def test_it_fetches_nothing():
    """No URL but the name of SVG itself."""
    assert re.findall(r"[a-z]+://[^\"')\s]*", PICTURE) == ["http://www.w3.org/2000/svg"]
