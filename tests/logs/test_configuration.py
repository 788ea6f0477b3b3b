"""--log-config takes Python's logging formats, takes log4j's with a warning, and names what is wrong with the rest."""

import json
import logging

import pytest
import yaml

from servescope.errors import ConfigurationError
from servescope.logs.configuration import apply_log_config
from servescope.logs.setup import open_logs


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
