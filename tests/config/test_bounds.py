"""The bounds of numbers stand on the page for whoever writes a configuration."""

from pathlib import Path

import pytest

from servescope.config import bounds

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
NAMES = [name for name in vars(bounds) if name.startswith("MAX_")]


@pytest.mark.parametrize("name", NAMES)
def test_every_bound_is_on_the_page(name):
    """As it is."""
    section = PAGE.read_text("utf-8").partition("## The largest numbers")[2].partition("\n## ")[0]
    assert f"{getattr(bounds, name):,}" in section


def test_there_are_some():
    """Else nothing was looked for."""
    assert len(NAMES) > 10
