"""docs/metrics.md is what the definitions say."""

from pathlib import Path

from servescope.metrics.definitions import DEFINITIONS
from servescope.metrics.reference import render_reference

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_page_is_current() -> None:
    """If not: servescope metrics list --markdown > docs/metrics.md."""
    assert PAGE.read_text() == render_reference()


def test_every_family_has_a_row() -> None:
    """With six bars: five cells."""
    rows = {line.split("`")[1]: line for line in render_reference().splitlines() if line.startswith("| `")}
    assert list(rows) == [definition.name for definition in DEFINITIONS]
    assert all(line.replace(r"\|", "").count("|") == 6 for line in rows.values())
