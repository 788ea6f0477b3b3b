"""Runs TorchServe's names as a user does: in processes, which find them in compat/, or where REQUIRE_COMPAT is set as installed."""

import itertools
import os
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "compat" / "pyproject.toml").read_text("utf-8"))["project"]
INSTALLED = bool(os.environ.get("REQUIRE_COMPAT"))


def script(name):
    """The words that run a console script: the one that is installed, or what pyproject.toml says that it calls."""
    if INSTALLED:
        return [str(Path(sysconfig.get_path("scripts")) / name)]
    module, function = PROJECT["scripts"][name].split(":")
    return [sys.executable, "-c", f"import sys; from {module} import {function}; sys.argv[0] = {name!r}; {function}()"]


class Outside:
    """A directory and an environment in which `ts` is TorchServe's name for this project's."""

    def __init__(self, directory):
        self.directory = directory
        self._numbers = itertools.count()
        self.environ = os.environ | {"TEMP": str(directory)}
        if not INSTALLED:
            self.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "compat" / "src"), str(ROOT / "src")])

    def run(self, *words):
        """A command to its end, its output and errors apart."""
        # Files, as a server in the background holds the command's standard output, so that a pipe would not end.
        number = next(self._numbers)
        out, err = self.directory / f"said{number}.out", self.directory / f"said{number}.err"
        with out.open("wb") as said, err.open("wb") as wrong:
            status = subprocess.run(
                words,
                cwd=self.directory,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=wrong,
                check=False,
            ).returncode
        return subprocess.CompletedProcess(words, status, out.read_text(), err.read_text())

    def begin(self, name, *words):
        """A console script under way, whose standard output is a pipe."""
        return subprocess.Popen(
            [*script(name), *words],
            cwd=self.directory,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )

    def begin_python(self, *words):
        """A Python process under way, whose output is a pipe, errors too."""
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=self.directory,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def script(self, name, *words):
        return self.run(*script(name), *words)

    def python(self, *words):
        return self.run(sys.executable, *words)


@pytest.fixture
def outside(tmp_path):
    return Outside(tmp_path)
