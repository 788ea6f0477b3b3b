"""What the pages about the code say of its structure is what import-linter holds, and leads to what is there."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "servescope"
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
THERE = [path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*") if "__pycache__" not in path.parts]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
PATHS = sorted(set(re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.py)?)`", PAGE)))
PACKAGES = "autoscaler|metrics|web|serving|fleet|worker|wire|config|logs|server|operate|cli|tracing"
MODULES = sorted({name for name in re.findall(rf"`((?:{PACKAGES})(?:\.[a-z_]+)+)", PAGE) if not name.endswith(".py")})


def layers(container=None):
    (found,) = [
        contract["layers"]
        for contract in CONTRACTS
        if contract["type"] == "layers" and contract.get("containers", [None]) == [container]
    ]
    return " → ".join(layer.replace("servescope.", "") for layer in found)


@pytest.mark.parametrize("page", [PAGE, CONTRIBUTING], ids=["architecture", "contributing"])
def test_the_layers_are_pyprojects(page):
    """In their order."""
    assert layers() in page


@pytest.mark.parametrize("package", ["metrics", "web", "cli", "worker"])
def test_the_rooms_are_pyprojects(package):
    """Of each package that has floors of its own."""
    (line,) = re.findall(rf"^    {package} {{2,}}(.+)$", PAGE, re.MULTILINE)
    assert line == layers(f"servescope.{package}")


@pytest.mark.parametrize("path", PATHS)
def test_paths_lead_somewhere(path):
    """From the checkout, the package, or the package that the line is about."""
    assert (ROOT / path).exists() or any(f"/{there}".endswith(f"/{path.rstrip('/')}") for there in THERE)


@pytest.mark.parametrize("module", MODULES)
def test_modules_are_there(module):
    """The name may end with one that stands in the module."""
    names = module.split(".")
    own = SOURCE.joinpath(*names)
    inside = SOURCE.joinpath(*names[:-1]).with_suffix(".py")
    assert (
        own.is_dir()
        or own.with_suffix(".py").is_file()
        or (inside.is_file() and names[-1] in inside.read_text("utf-8"))
    )
