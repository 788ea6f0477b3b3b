"""A page of help: usage, one sentence, what may be given, and at the end examples that run as printed.

In: what a command says of itself. Out: plain text, which is the same in a terminal, a pipe and a web page. Made by
`help.typed`, `help.words` and `cli.main`, so that all pages look alike whichever library reads the options.
"""

import shutil
from textwrap import fill

from msgspec import Struct

HELP_OPTIONS = ("-h", "--help")
_INDENT = "  "
# Terms longer than this stand on a line of their own, so that one long option does not narrow all texts.
_LONGEST_TERM = 28
_NARROWEST, _WIDEST = 48, 120


class Row(Struct, frozen=True):
    """A term (an option, an argument, a command) and what it means."""

    term: str
    text: str


HELP_ROW = Row(", ".join(HELP_OPTIONS), "Show this help.")


class Section(Struct, frozen=True):
    """Rows under a title."""

    title: str
    rows: tuple[Row, ...]


class Page(Struct, frozen=True):
    """`usage`: the command line, without the word usage. `examples`: command lines, which may be broken with a backslash.

    `remark`: a paragraph before the examples; empty for none.
    """

    usage: str
    summary: str
    sections: tuple[Section, ...]
    examples: tuple[str, ...]
    remark: str = ""


def render(page: Page, columns: int) -> str:
    """The page's text, no line of which is longer than `columns` (but for words that are)."""
    width = max(_NARROWEST, min(columns, _WIDEST))
    indent = 2 + max(
        (len(row.term) for section in page.sections for row in section.rows if len(row.term) <= _LONGEST_TERM),
        default=0,
    )
    blocks = [_usage(page.usage, width), _filled(page.summary, width)]
    for section in page.sections:
        rows = (_row(row, len(_INDENT) + indent, width) for row in section.rows)
        blocks.append("\n".join((f"{section.title}:", *rows)))
    if page.remark:
        blocks.append(_filled(page.remark, width))
    blocks.append("\n".join(("Examples:", *(_example(line) for line in page.examples))))
    return "\n\n".join(blocks) + "\n"


def terminal_columns() -> int:
    """How wide the terminal is; 80 where there is none, and what COLUMNS says where it is set."""
    return shutil.get_terminal_size().columns


def refusal(usage: str, command: str, message: str) -> str:
    """What a command says on standard error of a command line that makes no sense; the status is 2 then."""
    return f"Usage: {usage}\nTry '{command} --help' for help.\n\nError: {message}\n"


def with_default(text: str, default: object) -> str:
    """The text of an option, and what holds without it, if that is anything to speak of."""
    shown = "" if default is None or isinstance(default, bool) else str(default)
    return f"{text} Default: {shown}." if shown else text


def _usage(usage: str, width: int) -> str:
    return fill(f"Usage: {usage}", width, subsequent_indent=" " * len("Usage: "), break_on_hyphens=False)


def _filled(text: str, width: int, first: str = "", others: str = "") -> str:
    return fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _row(row: Row, indent: int, width: int) -> str:
    term, blank = f"{_INDENT}{row.term}", " " * indent
    if len(term) + 2 > indent:
        return f"{term}\n{_filled(row.text, width, blank, blank)}"
    return _filled(row.text, width, f"{term:{indent}}", blank)


def _example(command: str) -> str:
    return "\n".join(_INDENT + line for line in command.splitlines())
