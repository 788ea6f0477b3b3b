"""What holds for all tests, and which are left out where there is no PyTorch, by the option `--without-torch`."""

import gc
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# No test has a limit on its time: what runs beside it would decide.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

OPTION = "--without-torch"
_AT_THE_TOP = re.compile(r"^(?:import|from) torch\b", re.MULTILINE)
_WITHIN = re.compile(r"^\s+(?:import|from) torch\b", re.MULTILINE)
_left_out: set[str] = set()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, action="store_true", help="leave out, and name, the tests that import PyTorch")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes that are no text are not part of a test's name: an archive has the time at which it was made in it, and processes that
    share the tests must have the same names for them.
    """
    if isinstance(val, bytes) and not (val.isascii() and val.decode("ascii").isprintable()):
        return argname
    return None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files that import it, by their text: their tests could not even be listed."""
    if not config.getoption(OPTION) or not re.fullmatch(r"test_\w+\.py", collection_path.name):
        return None
    if not _AT_THE_TOP.search(collection_path.read_text("utf-8")):
        return None
    _left_out.add(str(collection_path.relative_to(config.rootpath)))
    return True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that import it themselves."""
    if not config.getoption(OPTION):
        return
    needing = [item for item in items if _WITHIN.search(inspect.getsource(item.function))]
    _left_out.update(item.nodeid for item in needing)
    config.hook.pytest_deselected(items=needing)
    items[:] = [item for item in items if item not in needing]


def pytest_collection_finish() -> None:
    """Thousands of tests and all that they import stay till the end: the garbage collector need not look through them each time."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of several that share the tests tells the one that began it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = sorted(_left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What such a process told, where it came to its end."""
    _left_out.update(getattr(node, "workeroutput", {}).get("left_out", []))


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter", config: pytest.Config) -> None:
    if config.getoption(OPTION):
        terminalreporter.write_line(f"Left out, as they import PyTorch: {', '.join(sorted(_left_out)) or 'none'}")
