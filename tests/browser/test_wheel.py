"""The wheel: it carries the pages and nothing of their sources; without Node it is built without, and says so."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from browser.needed import needed

needed("hatchling")

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = "servescope/console/bundle/"


@pytest.fixture
def checkout(tmp_path):
    """What a wheel is built from, without a bundle."""
    place = tmp_path / "checkout"
    place.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, place)
    ignore = shutil.ignore_patterns("node_modules", "bundle", "__pycache__")
    for name in ("src", "console"):
        shutil.copytree(ROOT / name, place / name, ignore=ignore)
    return place


def build(checkout, **environ):
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    # Whether pages are required is each test's to say: continuous integration has it in its own environment.
    inherited = {name: value for name, value in os.environ.items() if name != "SERVESCOPE_REQUIRE_CONSOLE"}
    return subprocess.run(command, cwd=checkout, env={**inherited, **environ}, capture_output=True, text=True)


def names(checkout):
    (wheel,) = (checkout / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture
def without_node(tmp_path):
    """An environment without Node, and an index that has none."""
    (tmp_path / "empty").mkdir()
    return {"PATH": "/nowhere", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "empty")}


def test_wheel_carries_the_pages_and_not_their_sources(checkout):
    """The page, its script, its style, the worker, and the notice of the library in them."""
    done = build(checkout)
    assert done.returncode == 0, done.stderr
    carried = [name.removeprefix(BUNDLE) for name in names(checkout) if name.startswith(BUNDLE)]
    endings = sorted(Path(name).suffix for name in carried)
    assert "index.html" in carried
    assert "uplot-LICENSE.txt" in carried
    assert endings == [".css", ".html", ".js", ".js", ".sha256", ".txt"]
    assert not [name for name in names(checkout) if name.endswith(".ts") or "node_modules" in name]


def test_node_may_come_from_pypi(checkout):
    """On a machine without any, as the one of who only wants to look at the demo."""
    done = build(checkout, PATH="/nowhere")
    assert done.returncode == 0, done.stderr
    assert f"{BUNDLE}index.html" in names(checkout)


def test_without_node_there_is_a_wheel_without_pages(checkout, without_node):
    """With a warning that says why."""
    done = build(checkout, **without_node)
    assert done.returncode == 0, done.stderr
    assert "Built without the console's pages" in done.stdout + done.stderr
    assert not [name for name in names(checkout) if name.startswith(BUNDLE)]


def test_where_pages_are_required_there_is_no_wheel_without(checkout, without_node):
    """As for a release, and in continuous integration."""
    done = build(checkout, SERVESCOPE_REQUIRE_CONSOLE="1", **without_node)
    assert done.returncode != 0
    assert "SERVESCOPE_REQUIRE_CONSOLE is set" in done.stderr
    assert not (checkout / "dist").exists() or not list((checkout / "dist").glob("*.whl"))
