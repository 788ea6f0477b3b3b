"""The entry point: `servescope COMMAND …`.

In: `sys.argv`. Out: an exit status: 0, 1 for an error of this project, or of standard output (one line on standard error), 2 for
a command line that makes no sense, 141 where nobody reads the output to its end. Commands are found in `cli.commands` and imported
when they run; the groups among them, which have no options but --help, are answered here.
"""

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from servescope import __version__
from servescope.cli.commands import SERVESCOPE, Command, Group
from servescope.cli.help.page import HELP_OPTIONS, HELP_ROW, Page, Row, Section, refusal, render, terminal_columns
from servescope.cli.leaving import leave, run_server
from servescope.cli.voice import OutputLost, mutter, open_standard_streams
from servescope.errors import ServescopeError

VERSION_OPTIONS = ("-v", "--version")


def main() -> None:
    """The console script."""
    gc.set_threshold(
        10_000, 10, 10
    )  # what is imported stays: to look for garbage in it takes a twentieth of the imports' time
    open_standard_streams()
    words = sys.argv[1:]
    try:
        status = run(words)
        sys.stdout.flush()
    except OutputLost as lost:
        status = lost.told()
    sys.exit(leave(status) if _is_server(*find(words)) else status)


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit status."""
    found = find(arguments)
    return run_server(lambda: _status(*found), "stderr") if _is_server(*found) else _status(*found)


def _is_server(found: Command | Group, _name: str, words: Sequence[str]) -> bool:
    """Whether it runs a server in this process."""
    return isinstance(found, Command) and found.own_words and "--detach" not in words


def _status(found: Command | Group, name: str, words: Sequence[str]) -> int:
    try:
        return _list(found, name, words) if isinstance(found, Group) else _run(found, name, words)
    except ServescopeError as error:
        mutter(f"servescope: {error.message}")
        return 1
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)


def find(arguments: Sequence[str]) -> tuple[Command | Group, str, Sequence[str]]:
    """The command or group that is meant, how it is called, and the words that are left for it."""
    found: Command | Group = SERVESCOPE
    names = ["servescope"]
    for word in arguments:
        if not isinstance(found, Group) or word not in found.commands:
            break
        found = found.commands[word]
        names.append(word)
    return found, " ".join(names), arguments[len(names) - 1 :]


def load(command: Command) -> Any:
    """The function that a command names; its module is imported."""
    module, _, function = command.where.partition(":")
    return getattr(importlib.import_module(module), function)


def group_page(group: Group, name: str) -> Page:
    """The help of a group of commands."""
    commands = Section("Commands", tuple(Row(word, one.summary) for word, one in group.commands.items()))
    version = [Row(", ".join(VERSION_OPTIONS), "Print the version.")] if group is SERVESCOPE else []
    options = Section("Options", (*version, HELP_ROW))
    return Page(f"{name} COMMAND [OPTIONS]", group.summary, (commands, options), group.examples)


def _run(command: Command, name: str, words: Sequence[str]) -> int:
    function = load(command)
    if command.own_words:
        return int(function(words, os.environ, Path.cwd()))
    from servescope.cli.help.typed import typed

    typed(function).main(args=list(words), prog_name=name)
    return 0


def _list(group: Group, name: str, words: Sequence[str]) -> int:
    """Answer for a group: its help, the version, or that there is no such command."""
    word = words[0] if words else None
    if group is SERVESCOPE and word in VERSION_OPTIONS:
        print(f"Servescope {__version__}")
        return 0
    page = group_page(group, name)
    if word is None or word in HELP_OPTIONS:
        print(render(page, terminal_columns()), end="")
        return 2 if word is None else 0
    mutter(refusal(page.usage, name, _no_such(word, group)).rstrip("\n"))
    return 2


def _no_such(word: str, group: Group) -> str:
    if word.startswith("-"):
        return f"No such option {word!r}."
    from difflib import get_close_matches

    close = get_close_matches(word, group.commands)
    return f"No such command {word!r}." + (f" Did you mean {' or '.join(close)}?" if close else "")


if __name__ == "__main__":
    main()
