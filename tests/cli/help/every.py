"""Every command and group of `servescope`, and the page of help that each has."""

from collections.abc import Iterator

from servescope.cli.commands import SERVESCOPE, Command, Group
from servescope.cli.help.page import Page
from servescope.cli.help.typed import typed
from servescope.cli.llm import words
from servescope.cli.main import group_page, load
from servescope.cli.start.command import parser

OWN_PARSERS = {"servescope start": parser, "servescope llm": words.parser}


def every(found: Command | Group = SERVESCOPE, name: str = "servescope") -> Iterator[tuple[str, Command | Group]]:
    """How each is called, and its row of the table."""
    yield name, found
    if isinstance(found, Group):
        for word, one in found.commands.items():
            yield from every(one, f"{name} {word}")


EVERY = dict(every())
COMMANDS = {name: one for name, one in EVERY.items() if isinstance(one, Command)}


def page_of(name: str) -> Page:
    """The page that `NAME --help` shows."""
    found = EVERY[name]
    if isinstance(found, Group):
        return group_page(found, name)
    return OWN_PARSERS[name]().page() if found.own_words else typed(load(found)).page(name)
