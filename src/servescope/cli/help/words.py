"""A reader of options for the commands that run a server, which Typer's import would cost time and memory.

In: options, as argparse takes them. Out: what was given, and the same pages and refusals as `help.typed` has. Used by
`cli.start` and `cli.llm.words`.
"""

import argparse
from collections.abc import Sequence
from typing import NoReturn

from servescope.cli.help.page import (
    HELP_OPTIONS,
    HELP_ROW,
    Page,
    Row,
    Section,
    refusal,
    render,
    terminal_columns,
    with_default,
)


class WordsParser(argparse.ArgumentParser):
    """argparse's, with this project's help. Abbreviations are off, so that a new option never changes what an old script means."""

    def __init__(self, command: str, summary: str, examples: Sequence[str], usage: str = "", remark: str = "") -> None:
        """`command`: how it is called; `usage`: what stands behind that, if more than options."""
        super().__init__(prog=command, description=summary, add_help=False, allow_abbrev=False)
        self._page = Page(f"{command} {usage or '[OPTIONS]'}", summary, (), tuple(examples), remark)
        self.add_argument(*HELP_OPTIONS, action="help", help=argparse.SUPPRESS)

    def page(self) -> Page:
        """The page: a section for each group of options that has a title of its own."""
        groups = [group for group in self._action_groups if group.title not in ("positional arguments", "options")]
        titled = [Section(group.title or "", _rows(group)) for group in groups]
        arguments = _rows(self._positionals)
        sections = ([Section("Arguments", arguments)] if arguments else []) + titled
        sections.append(Section("Options", (*_rows(self._optionals), HELP_ROW)))
        return Page(self._page.usage, self._page.summary, tuple(sections), self._page.examples, self._page.remark)

    def format_help(self) -> str:
        """See argparse."""
        return render(self.page(), terminal_columns())

    def print_help(self, _file: object = None) -> None:
        """See argparse, which passes over output that is lost."""
        print(self.format_help(), end="")

    def error(self, message: str) -> NoReturn:
        """See argparse: it ends the process, with status 2."""
        self.exit(2, refusal(self._page.usage, self.prog, message))


def _rows(group: argparse._ArgumentGroup) -> tuple[Row, ...]:
    shown = (one for one in group._group_actions if one.help != argparse.SUPPRESS)  # noqa: SLF001 — there is no public list
    return tuple(Row(_term(one), with_default(one.help or "", one.default)) for one in shown)


def _term(one: argparse.Action) -> str:
    value = str(one.metavar or "") + ("..." if one.nargs == "*" else "")
    names = ", ".join(sorted(one.option_strings, key=lambda name: name.startswith("--")))
    return " ".join(filter(None, (names, value)))
