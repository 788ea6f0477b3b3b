"""Alerts on a terminal and elsewhere."""

import io

import pytest
from rich.console import Console

from servescope.cli.demo.screen import Screen
from servescope.cli.demo.track import Track, followed

LABELS = {"alertname": "ServescopeLatencyBudgetBurns", "window": "1h"}
PENDING = {"labels": {**LABELS, "severity": "page"}, "annotations": {}, "state": "pending"}


def played(console):
    """Three looks: nothing, pending, pending."""
    track = Track(LABELS)
    with Screen(console) as screen:
        screen.phase("The model is slow now", 7.4)
        for at_s, alerts in ((8.0, []), (9.0, [PENDING]), (10.0, [PENDING])):
            track = followed(track, alerts, [], at_s)
            screen.show([track])
    return console.file.getvalue()


def test_elsewhere_each_change_is_a_line():
    """Once, with its second; the table comes at the end, and fits into 80 columns."""
    text = played(Console(file=io.StringIO(), width=80))
    lines, table = text.split("What Prometheus and Alertmanager say")
    assert lines.splitlines() == [
        "     7 s  The model is slow now",
        "     8 s  ServescopeLatencyBudgetBurns (1h): inactive",
        "     9 s  ServescopeLatencyBudgetBurns (1h): pending",
    ]
    rows = [" ".join(line.split()) for line in table.splitlines()]
    assert "ServescopeLatencyBudgetBurns (1h) pending – 8 s inactive" in rows
    assert "page 9 s pending" in rows


def test_on_a_terminal_one_table_changes():
    """It is drawn again over itself, and stays at the end, without the phase."""
    text = played(Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None))
    last = text[text.rindex("What Prometheus") :]
    assert "The model is slow now (7 s)" in text
    assert "The model is slow now" not in last
    assert "9 s pending" in last
    assert text.count("\x1b[1A") > 0, "the cursor goes up to draw over what was there"


def test_an_error_does_not_lose_the_terminal():
    """The cursor is visible again, and the error goes on."""
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    with pytest.raises(ValueError, match="no answer"), Screen(console):
        raise ValueError("no answer")
    text = console.file.getvalue()
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
