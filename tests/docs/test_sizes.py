"""What CONTRIBUTING.md says of sizes holds of the package: its files, its functions and its folders."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "servescope"
FILES = sorted(SOURCE.rglob("*.py"))
(LINES, FUNCTION_LINES) = map(
    int,
    re.search(
        r"of at most (\d+) lines; functions of at most (\d+), .*at most a dozen files a folder",
        (ROOT / "CONTRIBUTING.md").read_text("utf-8"),
    ).groups(),
)
DOZEN = 12

# What may be larger, and why. A place that has become smaller is to be taken off.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS = {
    "metrics/recording/families.py: ModelFamilies.__init__": "a line a family",
    "cli/kubernetes/command.py: kubernetes": "half of it are its options, a line each",
    "cli/planning/command.py: plan": "half of it are its options, a line each",
    "cli/scaling/simulate.py: simulate": "half of it are its options, a line each",
    "planner/plan/plan.py: make_plan": "a line a field of the plan",
    "web/http/request.py: read_head": "one pass over every request's headers: calls would cost more than what they do",
}
_TORCHSERVES = "handlers import these files by the names that TorchServe has for them"
FULL_FOLDERS = dict.fromkeys(("worker/shim/ts/torch_handler", "worker/shim/ts/metrics"), _TORCHSERVES)

SAMPLE = '''
class C:
    def f(
        self,
    ):
        """Two lines,
        which do not count."""
        async def g():
            return 1

if C:
    def h(): pass
'''


def named(path):
    return path.relative_to(SOURCE).as_posix()


def functions(path):
    """Each function's name with its classes', and its lines from `def` to its end, without its docstring."""

    def walk(node, prefix):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                yield from walk(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{prefix}{child.name}", child.end_lineno - child.lineno + 1 - docstring_lines(child)
                yield from walk(child, f"{prefix}{child.name}.")
            else:
                yield from walk(child, prefix)

    return walk(ast.parse(path.read_text("utf-8")), "")


def docstring_lines(function):
    if ast.get_docstring(function, clean=False) is None:
        return 0
    return function.body[0].end_lineno - function.body[0].lineno + 1


def test_files():
    """None has more lines, but for those that say why."""
    long = {named(path) for path in FILES if len(path.read_text("utf-8").splitlines()) > LINES}
    assert long == set(LONG_FILES)


def test_functions():
    """None has more lines, but for those that say why."""
    long = {f"{named(path)}: {name}" for path in FILES for name, lines in functions(path) if lines > FUNCTION_LINES}
    assert long == set(LONG_FUNCTIONS)


def test_folders():
    """None has more files beside its `__init__.py`, but for those that say why."""
    folders = {path.parent for path in FILES}
    full = {
        named(folder)
        for folder in folders
        if sum(path.is_file() and path.name != "__init__.py" for path in folder.iterdir()) > DOZEN
    }
    assert full == set(FULL_FOLDERS)


def test_names():
    """No file is a drawer for whatever fits nowhere else; the shim has TorchServe's names."""
    drawers = {"utils.py", "util.py", "helpers.py", "misc.py", "common.py"}
    assert not [named(path) for path in FILES if path.name in drawers and "shim" not in path.parts]


def test_what_a_function_counts_for(tmp_path):
    """Functions in functions and in classes, each without its docstring."""
    (tmp_path / "m.py").write_text(SAMPLE)
    assert dict(functions(tmp_path / "m.py")) == {"C.f": 5, "C.f.g": 2, "h": 1}
