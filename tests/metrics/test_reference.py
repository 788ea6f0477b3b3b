"""docs/metrics.md is what the definitions say."""

from pathlib import Path

from servescope.metrics.definitions import BY_NAME, DEFINITIONS
from servescope.metrics.reference import GROUPS, render_reference

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def rows() -> dict[str, str]:
    """The page's rows of families, by name."""
    return {
        line.split("`")[1]: line
        for line in render_reference().splitlines()
        if line.startswith("| `") and "metrics_mode" not in line
    }


def test_the_page_is_current() -> None:
    """If not: servescope metrics list --markdown > docs/metrics.md."""
    assert PAGE.read_text() == render_reference()


def test_every_family_is_in_one_group() -> None:
    """In the order of the definitions."""
    assert tuple(one for group in GROUPS for one in group.definitions) == DEFINITIONS


def test_every_family_has_a_row() -> None:
    """With seven bars: six cells."""
    found = {name: line for name, line in rows().items() if name in BY_NAME}
    assert list(found) == list(BY_NAME)
    assert all(line.replace(r"\|", "").count("|") == 7 for line in found.values())


def test_a_row() -> None:
    """Type, unit, labels, meaning with the buckets, and when it is written."""
    cells = [cell.strip() for cell in rows()["servescope_batch_size"].strip("|").split("|")]
    assert cells == [
        "`servescope_batch_size`",
        "histogram",
        "requests",
        "model_name, model_version",
        "Requests in a batch. Buckets: 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024.",
        "Observed when the batch is sent to a worker.",
    ]
