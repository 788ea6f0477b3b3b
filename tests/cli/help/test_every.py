"""One style of help: held for every command that `servescope` has, and will have."""

import re
import shlex
from contextlib import suppress

import pytest
import typer

from cli.help.every import COMMANDS, EVERY, OWN_PARSERS, page_of
from servescope.cli.help.page import render
from servescope.cli.help.typed import typed
from servescope.cli.llm.words import read_words
from servescope.cli.main import load, run

# What click, Typer and Python call a value of which they know the type alone.
TYPES = {"TEXT", "INTEGER", "BOOLEAN", "FLOAT", "STR", "INT", "BOOL"}
TERM = re.compile(r"((?P<short>-\w), )?(?P<names>--[a-z][a-z-]*(, --[a-z][a-z-]*)*)( (?P<value>\S+))?")


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("name", EVERY)
def test_the_help_is_the_page(name, columns, capsys, monkeypatch):
    """Usage first, then the sentence, sections, and examples last; no line is too long, or ends in blanks."""
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run([*name.split()[1:], "--help"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out == render(page_of(name), columns)
    titles = re.findall(r"^(\w.*):$", out, re.MULTILINE)
    assert out.startswith(f"Usage: {name} ")
    assert titles[-1] == "Examples"
    assert "Options" in titles
    assert max(map(len, out.splitlines())) <= columns
    assert not re.search(r" $", out, re.MULTILINE)


@pytest.mark.parametrize("name", EVERY)
def test_one_sentence_says_what_it_does(name):
    """The same in its own help as in the list."""
    page = page_of(name)
    assert page.summary == EVERY[name].summary
    assert re.fullmatch(r"[A-Z][^\n]*\.", page.summary)
    assert len(page.summary) <= 100


@pytest.mark.parametrize("name", EVERY)
def test_every_row_has_a_readable_term_and_a_text(name):
    """Flags stand alone, other options have a metavar in capitals; every text is a sentence."""
    for section in page_of(name).sections:
        assert section.rows, section.title
        for row in section.rows:
            assert re.fullmatch(r"\S.*\.", row.text, re.DOTALL), row
            assert "<" not in row.term, row
            if row.term.startswith("-"):
                match = TERM.fullmatch(row.term)
                assert match, row
                assert match["value"] is None or re.search(r"[A-Z|]", match["value"]), row
                assert match["value"] not in TYPES, row


@pytest.mark.parametrize("name", EVERY)
def test_examples_are_the_commands_own(name):
    """There is one at least, they fit into 80 columns, and each calls the command (a group's, one of its commands)."""
    examples = page_of(name).examples
    assert examples
    for example in examples:
        assert example == name or example.startswith(f"{name} ")
        assert max(map(len, example.splitlines())) <= 78


def test_every_module_has_its_function():
    """No row of the table leads nowhere, and none leads where another does."""
    assert len({one.where for one in COMMANDS.values()}) == len(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_are_understood(name):
    """Every word of them is an option or a value of the command. `tests/integration/commands/test_examples.py` runs them."""
    for example in page_of(name).examples:
        words = shlex.split(example.replace("\\\n", ""))[len(name.split()) :]
        if name == "servescope llm":
            assert read_words(words).model
        elif COMMANDS[name].own_words:
            assert OWN_PARSERS[name]().parse_args(words)
        else:
            with suppress(typer.Exit):  # --print-thresholds needs nothing else
                typed(load(COMMANDS[name])).make_context(name, words)
