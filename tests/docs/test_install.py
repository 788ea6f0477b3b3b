"""What the project tells people to install can be installed: it is on no package index, so extras are asked for in the checkout."""

import re
import tomllib
from pathlib import Path

import pytest

from docs.test_links import PAGES
from servescope.autoscaler.simulator import plot
from servescope.cli.llm import command
from servescope.tracing import setup

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
_NOWHERE = re.compile(
    r"(?<!/)servescope\[\w|(?:pip|pipx|uv) (?:tool )?install (?:[^`\n]* )?['\"]?servescope(?![\w/.-])"
)
_EXTRA = re.compile(r"'\.\[([\w,-]+)\]'")


def test_nothing_is_asked_of_an_index():
    """Neither by page nor by message."""
    asked = {str(file.relative_to(ROOT)): _NOWHERE.findall(file.read_text("utf-8")) for file in [*PAGES, *SOURCES]}
    assert {name: found for name, found in asked.items() if found} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pip install 'servescope[llm]'", True),
        ("needs servescope[traces]", True),
        ("pip install servescope", True),
        ("pip install --upgrade servescope==0.1", True),
        ("pip install '.[llm]'", False),
        ("pip install '/path/to/servescope[torch]'", False),
        ("pip install servescope-0.1.0.whl", False),
    ],
)
def test_such_a_request_is_found(text, found):
    """The patterns above find what they are for."""
    assert bool(_NOWHERE.search(text)) is found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_extras_exist(page):
    """Each that a page names, alone or beside others."""
    named = {extra for extras in _EXTRA.findall(page.read_text("utf-8")) for extra in extras.split(",")}
    assert named <= EXTRAS.keys()


def test_users_extras_are_explained():
    """All but those for working on the project."""
    page = (ROOT / "docs" / "install.md").read_text("utf-8")
    assert {*re.findall(r"^\| `'\.\[([\w-]+)\]'`", page, re.MULTILINE)} == EXTRAS.keys() - {"test", "dev", "profile"}


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("traces", setup.PACKAGES),
        ("plots", plot.PACKAGE),
        ("llm", command.PACKAGE),
        ("llm-cpu", command.PACKAGE_WITHOUT_GPU),
    ],
)
def test_messages_name_what_the_extra_installs(extra, said):
    """Package by package, at its version."""
    assert said == " ".join(f"'{requirement}'" for requirement in EXTRAS[extra])
