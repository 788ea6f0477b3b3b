"""Records become TorchServe's text lines or JSON lines, and no message can pass for a line of its own."""

import json
import logging
import re
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.logs.layout.formats import JsonFormatter, TextFormatter

NOON = 1795492743.432


def record(message, *arguments, level=logging.INFO, **extra):
    """A record of the logger `servescope.test`, made at NOON on the main thread."""
    made = logging.LogRecord("servescope.test", level, "f.py", 1, message, arguments or None, None)
    made.created = NOON
    for name, value in extra.items():
        setattr(made, name, value)
    return made


def stamp() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S,432", time.localtime(NOON))


@pytest.mark.parametrize(
    ("level", "name"),
    [(10, "DEBUG"), (20, "INFO "), (30, "WARN "), (40, "ERROR"), (50, "FATAL"), (25, "Level 25")],
)
def test_text_line(level, name):
    """Time, log4j's level padded to five, thread, logger, message."""
    assert TextFormatter().format(record("up %d", 1, level=level)) == f"{stamp()} [{name}] main servescope.test - up 1"


def test_request_ids_in_text():
    """One id or several follow the message."""
    assert TextFormatter().format(record("m", request_id="a")).endswith(" - m request_id=a")
    assert TextFormatter().format(record("m", request_ids=["a", "b"])).endswith(" - m request_id=a,b")


def failing_record():
    try:
        raise ValueError("deep")
    except ValueError:
        return record("broke", exc_info=sys.exc_info())


def test_traceback_in_text():
    """A traceback follows, indented, so that only a log line begins at the margin."""
    first, *rest = TextFormatter().format(failing_record()).split("\n")
    assert first.endswith("servescope.test - broke")
    assert rest[0] == "    Traceback (most recent call last):"
    assert rest[-1] == "    ValueError: deep"
    assert all(line.startswith("    ") for line in rest)


def test_stack_in_text():
    """What stack_info=True brings is shown too."""
    assert TextFormatter().format(record("here", stack_info="Stack:\n  f")).endswith("here\n    Stack:\n      f")


@given(st.text())
def test_no_line_can_be_forged(message):
    """Whatever a message holds, all but the first line are indented, and no control character is left."""
    text = TextFormatter().format(record("%s", message))
    assert all(line.startswith("    ") for line in text.split("\n")[1:])
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]", text)


def test_control_characters_are_shown():
    """A terminal's escape codes and a progress bar's carriage return are shown, not obeyed."""
    assert TextFormatter().format(record("a\x1b[31m\rb\tc")).endswith("- a\\x1b[31m\\rb\tc")


def test_json_line():
    """The same facts as fields, the time in UTC."""
    assert json.loads(JsonFormatter().format(record("up\n%d", 1, level=30, request_ids=["a"]))) == {
        "time": "2026-11-24T03:59:03.432Z",
        "level": "WARN",
        "thread": "main",
        "logger": "servescope.test",
        "message": "up\n1",
        "request_ids": ["a"],
    }
    assert json.loads(JsonFormatter().format(record("m", request_id="a")))["request_id"] == "a"


def test_traceback_in_json():
    """A traceback is one field."""
    assert json.loads(JsonFormatter().format(failing_record()))["exception"].endswith("ValueError: deep")


@given(st.text(st.characters(codec=None), max_size=20))
def test_json_is_always_json(message):
    """Whatever a message holds, halves of surrogate pairs included, the line is one line and can be read back."""
    line = JsonFormatter().format(record("%s", message, request_ids=[message]))
    assert "\n" not in line
    read = json.loads(line)["message"]
    assert read == message.encode("utf-8", "backslashreplace").decode()
