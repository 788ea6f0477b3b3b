"""Which printed lines are one traceback."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.logs.tracebacks import MOST_LINES, Tracebacks

PROGRAMS = {
    "plain": "1/0",
    "nested": "def f():\n    g()\ndef g():\n    1/0\nf()",
    "cause": "try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise KeyError('x') from e",
    "context": "try:\n    1/0\nexcept ZeroDivisionError:\n    raise KeyError('x')",
    "group": "raise ExceptionGroup('g', [ValueError('a'), ExceptionGroup('h', [KeyError('b')])])",
    "no text": "raise ValueError",
    "recursion": "def f(): f()\nf()",
}


def taken(lines):
    traceback = Tracebacks()
    count = next((place for place, line in enumerate(lines) if not traceback.takes(line)), len(lines))
    return traceback, count


@pytest.mark.parametrize("name", PROGRAMS)
def test_pythons_own(name):
    """All that the interpreter prints of an exception is one, and what is printed next is not."""
    run = subprocess.run([sys.executable, "-c", PROGRAMS[name]], capture_output=True, text=True, check=False)
    lines = run.stderr.splitlines()
    assert Tracebacks.begins(lines[0])
    traceback, count = taken([*lines, "after"])
    assert count == len(lines)
    assert traceback.blocks() == [run.stderr.rstrip("\n")]
    assert traceback.summary == lines[-1]


def test_a_message_of_several_lines_ends_with_its_first():
    """Nobody can tell the others from what is printed next."""
    lines = ["Traceback (most recent call last):", '  File "x"', "ValueError: one", "two"]
    _, count = taken(lines)
    assert count == 3


def test_empty_lines_after_it_are_dropped():
    """They may come before a cause, and else say nothing."""
    traceback, count = taken(["Traceback (most recent call last):", "  x", "E: y", "", "next"])
    assert count == 4
    assert traceback.blocks() == ["Traceback (most recent call last):\n  x\nE: y"]


def test_a_bridge_to_nothing_stays():
    """A sentence that another traceback should follow is a line of its own where none does."""
    lines = ["Traceback (most recent call last):", "  x", "E: y", ""]
    bridge = "During handling of the above exception, another exception occurred:"
    traceback, _ = taken([*lines, bridge, "", "next"])
    assert traceback.blocks()[1:] == [bridge]


def test_it_has_an_end():
    """However long its lines go on."""
    _, count = taken(["Traceback (most recent call last):", *["  x"] * (2 * MOST_LINES)])
    assert count == MOST_LINES


@given(st.lists(st.sampled_from(["Traceback (most recent call last):", "  x", "E: y", "", "| z", "  + w"])))
def test_no_line_is_lost(lines):
    """Whatever comes: the blocks have all lines that were taken, but for empty ones behind them."""
    traceback, count = taken(["Traceback (most recent call last):", *lines])
    assert [line for block in traceback.blocks() for line in block.split("\n") if line] == [
        line for line in ["Traceback (most recent call last):", *lines][:count] if line
    ]
