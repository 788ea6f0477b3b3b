"""--log-config takes Python's logging formats, takes log4j's with a warning, and names what is wrong with the rest."""

import json
import logging
import os
import sys

import pytest
import yaml

from logs.piped import piped
from servescope.errors import ConfigurationError
from servescope.logs.configuration import apply_log_config, reopen_configured, unhold
from servescope.logs.setup import open_logs
from servescope.logs.streams.losses import Losses
from servescope.logs.streams.outlets import Outlets, standing_in
from servescope.logs.streams.stream import Stream


@pytest.fixture
def logs(tmp_path):
    """Open logs below tmp_path; logging is as before once they are closed."""
    opened = open_logs(tmp_path / "logs", tmp_path / "logs", None)
    yield opened
    opened.close()


def configuration(path):
    """A dictConfig that sends the server's lines to `path` and nowhere else."""
    return {
        "version": 1,
        "handlers": {"mine": {"class": "logging.FileHandler", "filename": str(path)}},
        "loggers": {"servescope": {"handlers": ["mine"], "level": "DEBUG"}},
    }


INI = """[loggers]
keys=root,mine
[handlers]
keys=mine
[formatters]
keys=
[logger_root]
handlers=
[logger_mine]
qualname=servescope
handlers=mine
level=DEBUG
[handler_mine]
class=FileHandler
args=({path!r},)
"""


@pytest.mark.parametrize("suffix", [".json", ".yaml", ".yml", ".ini", ".conf"])
def test_python_formats_are_applied(logs, tmp_path, suffix):
    """The named logger obeys the file; loggers that it does not name keep the server's handlers."""
    target = tmp_path / "mine.log"
    writers = {".json": json.dumps, ".yaml": yaml.safe_dump, ".yml": yaml.safe_dump}
    write = writers.get(suffix, lambda _: INI.format(path=str(target)))
    file = tmp_path / f"logging{suffix}"
    file.write_text(write(configuration(target)))
    child = logging.getLogger("servescope.made.before")
    apply_log_config(file)
    child.debug("hello")
    logging.getLogger("MODEL_LOG").info("printed")
    assert target.read_text() == "hello\n"
    assert "hello" not in (tmp_path / "logs" / "ts_log.log").read_text()
    assert "printed" in (tmp_path / "logs" / "model_log.log").read_text()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log4j2.xml", "<Configuration/>"),
        ("log4j.properties", "rootLogger.level = info"),
        ("log4j2", "\n<?xml version='1.0'?><Configuration/>"),
        ("log4j2.json", '{"configuration": {"status": "error"}}'),
        ("log4j2.yaml", "Configuration:\n  status: warn\n"),
    ],
)
def test_log4j_is_taken_with_one_warning(logs, tmp_path, name, content):
    """A TorchServe start script's log4j file changes nothing, and is said to."""
    (tmp_path / name).write_text(content)
    apply_log_config(tmp_path / name)
    text = (tmp_path / "logs" / "ts_log.log").read_text()
    assert text.count("[WARN ]") == 1
    assert name in text


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("absent.ini", None, "there is no such file"),
        ("broken.json", "{", "JSONDecodeError"),
        ("list.yaml", "- 1", "must hold a mapping, holds list"),
        ("bad.yaml", "a: [", "ParserError"),
        ("empty.ini", "", "is no configuration of Python's logging: (KeyError: )?.*(formatters|empty)"),
        (".", None, "is no file"),
        ("class.json", '{"version": 1, "handlers": {"h": {"class": "no.Such"}}}', "no"),
        ("version.json", '{"version": 7}', "version"),
        ("binary.yaml", "\x00", "special characters"),
    ],
)
def test_bad_files_are_named(logs, tmp_path, name, content, words):
    """What cannot be used is refused with the option, the file and the reason."""
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=words) as caught:
        apply_log_config(path)
    assert f"--log-config {path}" in str(caught.value)


@pytest.fixture
def mine(logs):
    """A logger for these tests' handlers, which it has no more after it."""
    logger = logging.getLogger("mine")
    yield logger
    logger.handlers.clear()


@pytest.fixture
def configured(logs, tmp_path):
    """Applies a configuration of the logger `mine`, first handler first, and has it hold up nobody: the logger, and its losses."""

    def configure(outlets, **handlers):
        content = {
            "version": 1,
            "formatters": {"long": {"format": f"%(message)s {'x' * 1000}"}},
            "handlers": handlers,
            "loggers": {"mine": {"handlers": [*handlers][:1], "level": "INFO"}},
        }
        (tmp_path / "logging.json").write_text(json.dumps(content))
        apply_log_config(tmp_path / "logging.json")
        losses = Losses()
        unhold(outlets, losses)
        return logging.getLogger("mine"), losses

    yield configure
    logging.getLogger("mine").handlers.clear()


MEMORY = {"class": "logging.handlers.MemoryHandler", "capacity": 1, "target": "end"}
FILE = {"class": "logging.FileHandler", "filename": "/dev/fd/1"}
HANDLERS = {
    "to stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"},
    "to stderr": {"class": "logging.StreamHandler"},
    "past sys": FILE,
    "later": FILE | {"delay": True},
    "watched": FILE | {"class": "logging.handlers.WatchedFileHandler"},
    "rotated": FILE | {"class": "logging.handlers.RotatingFileHandler"},
}


@pytest.mark.parametrize("name", HANDLERS)
@pytest.mark.parametrize("before", [{}, {"first": MEMORY}], ids=["at first hand", "behind a MemoryHandler"])
def test_handlers_hold_up_nobody(configured, name, before):
    """Whichever way they have come by a pipe that nobody reads. Their lines are there, in order, once it is read."""
    with piped() as reader, standing_in("stdout", "stderr") as outlets:
        where = {"filename": f"/dev/fd/{sys.stdout.fileno()}"} if "filename" in HANDLERS[name] else {}
        mine, _ = configured(outlets, **before, end=HANDLERS[name] | where | {"formatter": "long"})
        for number in range(500):
            mine.info(number)
        reopen_configured()
        mine.info("last")
        print("after it")
        text = b""
        while not text.endswith(b"after it\n"):
            text += os.read(reader, 1 << 20)
    assert [line.split()[0] for line in text.decode().splitlines()] == [*map(str, range(500)), "last", "after"]


def test_handlers_of_files_are_left_as_they_are(configured, tmp_path):
    """And opened anew, those behind a MemoryHandler too."""
    mine, losses = configured(Outlets(), first=MEMORY, end=FILE | {"filename": str(tmp_path / "mine.log")})
    mine.info("old")
    (tmp_path / "mine.log").rename(tmp_path / "mine.log.1")
    reopen_configured()
    mine.info("new")
    assert not isinstance(mine.handlers[0].target.stream, Stream)
    assert losses.counts == {}
    assert ((tmp_path / "mine.log.1").read_text(), (tmp_path / "mine.log").read_text()) == ("old\n", "new\n")


def test_losses_of_handlers_have_their_names(configured, tmp_path):
    """Those with a pipe of their own; what goes to standard output is counted there."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    outlets = Outlets()
    mine, losses = configured(outlets, first=MEMORY, end=FILE | {"filename": str(fifo)}, shown=HANDLERS["to stdout"])
    os.close(reader)
    mine.info("line")
    assert outlets.end()
    assert {name: count() for name, count in losses.counts.items()} == {"end": 1}
