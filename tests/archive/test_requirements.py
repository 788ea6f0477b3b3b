"""A model's requirements go into its directory or its own venv, by a real pip and a real wheel; failures are logged."""

import subprocess
import sys
import zipfile
from functools import partial

import pytest

from servescope.archive.reader import open_archive
from servescope.archive.requirements import install_requirements
from servescope.errors import ModelInstallFailed

run = partial(subprocess.run, capture_output=True, text=True, check=False)


@pytest.fixture
def wheel(tmp_path):
    """A wheel of one module, `onlyhere`, that pip can install without a network."""
    path = tmp_path / "onlyhere-1.0-py3-none-any.whl"
    info = "onlyhere-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("onlyhere.py", "ANSWER = 42\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: onlyhere\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def archive_of(make_zip, tmp_path):
    """A function from the text of a requirements file to an opened archive that has it, or none."""

    def make(text):
        model = {"modelName": "m", "handler": "h.py"}
        if text is not None:
            model["requirementsFile"] = "r.txt"
        source = make_zip({} if text is None else {"r.txt": text.encode()}, manifest={"model": model})
        return open_archive(source, "m.mar", tmp_path / "workspace", None)

    return make


def test_into_the_model_directory(archive_of, wheel):
    """Without a venv the packages lie beside the handler, and the server's interpreter stays."""
    archive = archive_of(f"--no-index\n{wheel}\n")
    assert install_requirements(archive, sys.executable, use_venv=False, run=run) is None
    assert (archive.directory / "onlyhere.py").exists()


def test_into_a_venv(archive_of, wheel):
    """With one, its interpreter has the packages, and those that the server's has."""
    archive = archive_of(f"--no-index\n{wheel}\n")
    python = install_requirements(archive, sys.executable, use_venv=True, run=run)
    assert python == archive.directory / "venv" / "bin" / "python"
    code = "import onlyhere, pytest; print(onlyhere.ANSWER, onlyhere.__file__)"
    printed = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.startswith(f"42 {archive.directory / 'venv'}")


def test_no_requirements(archive_of):
    """Without a requirements file nothing is run."""

    def run(*_, **__):
        raise AssertionError

    assert install_requirements(archive_of(None), sys.executable, use_venv=True, run=run) is None


@pytest.mark.parametrize("use_venv", [False, True])
def test_failure(archive_of, caplog, use_venv):
    """What pip cannot find fails the model in the contract's words, and pip's are in the log."""
    archive = archive_of("--no-index\nsurely-not-there==9\n")
    with pytest.raises(ModelInstallFailed, match=r"^Custom pip package installation failed for model m$"):
        install_requirements(archive, sys.executable, use_venv, run)
    assert "No matching distribution found for surely-not-there==9" in caplog.text


def test_no_interpreter(archive_of, tmp_path, caplog):
    """An interpreter that is not there is a failed installation, too."""
    with pytest.raises(ModelInstallFailed, match="model m"):
        install_requirements(archive_of("x"), str(tmp_path / "python"), use_venv=False, run=run)
    assert "No such file" in caplog.text


def test_timeout(archive_of):
    """So is a pip that never ends."""

    def run(command, *, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    with pytest.raises(ModelInstallFailed, match="model m"):
        install_requirements(archive_of("x"), sys.executable, use_venv=False, run=run)
