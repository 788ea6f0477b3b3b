"""docs/configuration.md says what the code says."""

from pathlib import Path

import pytest

from servescope.config import reference
from servescope.config.ineffective import INEFFECTIVE
from servescope.config.keys import keys_of
from servescope.config.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_not_stale():
    """Generated anew, the page is as it is: `python -m servescope.config.reference docs/configuration.md` mends it."""
    page = PAGE.read_text("utf-8")
    assert reference.fill(page) == page


def test_every_key_is_on_the_page():
    """Those with effect and those without."""
    page = PAGE.read_text("utf-8")
    assert [key for key in (*keys_of(Settings), *INEFFECTIVE) if f"| `{key}` |" not in page] == []


def test_a_page_without_its_parts_is_refused():
    """Nothing is lost in silence when a marker goes."""
    with pytest.raises(ValueError, match="<!-- keys -->"):
        reference.fill("# Configuration\n")


def test_main_writes_the_page(tmp_path):
    """A page with empty parts is filled."""
    page = tmp_path / "page.md"
    names = ("keys", "ineffective keys", "yaml keys", "torchrun keys", "slo keys")
    page.write_text("".join(f"<!-- {name} -->\n<!-- end {name} -->\n" for name in names))
    reference.main(page)
    assert "| `job_queue_size` | `100` |" in page.read_text()
