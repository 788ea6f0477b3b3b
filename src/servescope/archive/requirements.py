"""A model's own Python packages: an opened archive in, packages beside the model or in its own venv out.

`serving` calls `install_requirements` before a model's first worker starts, where `install_py_dep_per_model` is set.
It blocks for as long as pip takes. Where the packages go is TorchServe's choice.
"""

import json
import logging
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from servescope.archive.reader import Archive
from servescope.errors import ModelInstallFailed

Run = Callable[..., "subprocess.CompletedProcess[str]"]

TIMEOUT_S = 1800.0
_LAST_LINES = 20
_SITE_PACKAGES = (
    "import json, sys; print(json.dumps([p for p in sys.path if p.endswith(('site-packages', 'dist-packages'))]))"
)

_log = logging.getLogger("servescope.archive")


def install_requirements(archive: Archive, python: str, use_venv: bool, run: Run) -> Path | None:
    """Install the manifest's requirements file, if there is one: into the model directory, or into `venv` below it.

    `python` is the interpreter that workers run. Returns the venv's interpreter, for the workers of this model, or
    None where they run `python`; the model directory is on their path as it is. A model directory that is the
    user's own gets the packages as well. `run(command, timeout=seconds, errors=…)` runs a command and captures its output.

    Raises:
        ModelInstallFailed: pip or venv failed or took over TIMEOUT_S seconds; their last lines are in the log.
    """
    if archive.manifest.requirements_file is None:
        return None
    requirements = str(archive.directory / archive.manifest.requirements_file)
    pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-U"]
    if not use_venv:
        _call(run, [python, *pip, "-t", str(archive.directory), "-r", requirements], archive)
        return None
    interpreter = _make_venv(archive, python, run)
    _call(run, [str(interpreter), *pip, "-r", requirements], archive)
    return interpreter


def _make_venv(archive: Archive, python: str, run: Run) -> Path:
    """Create the venv, inheriting what `python` sees.

    `--system-site-packages` alone inherits from the base installation; where `python` is itself in a venv, that venv's
    packages (torch, as a rule, and pip) come in through a .pth file. What is installed into the new one comes first.
    """
    venv = archive.directory / "venv"
    _call(run, [python, "-m", "venv", "--system-site-packages", "--without-pip", str(venv)], archive)
    inherited = json.loads(_call(run, [python, "-c", _SITE_PACKAGES], archive))
    for site_packages in venv.glob("lib/python*/site-packages"):
        (site_packages / "inherited.pth").write_text("".join(f"{path}\n" for path in inherited), encoding="utf-8")
    return venv / "bin" / "python"


def _call(run: Run, command: Sequence[str], archive: Archive) -> str:
    """Run a command and return its standard output."""
    model = archive.manifest.model_name
    try:
        done = run(list(command), timeout=TIMEOUT_S, errors="replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.error("Model %s: %s", model, error)
        raise ModelInstallFailed(f"Custom pip package installation failed for model {model}") from error
    if done.returncode != 0:
        lines = f"{done.stdout}{done.stderr}".splitlines()[-_LAST_LINES:]
        _log.error("Model %s: %s failed:\n%s", model, " ".join(command[1:3]), "\n".join(lines))
        raise ModelInstallFailed(f"Custom pip package installation failed for model {model}")
    return done.stdout
