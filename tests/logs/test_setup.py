"""Opening the logs gives TorchServe's five files, each with its own lines, and closing gives logging back as it was."""

import io
import json
import logging
import re

import pytest

from servescope.errors import ConfigurationError
from servescope.logs.model import ModelLog
from servescope.logs.setup import LogOptions, open_logs

TEXT_LINE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3} "
LOGGERS = (None, "servescope", "MODEL_LOG")


@pytest.fixture
def open_(tmp_path):
    """`open_logs` in two folders below tmp_path; what it opens is closed in the end."""
    opened = []

    def make(log_format="text", console=None, level="INFO", root=tmp_path, **more):
        options = LogOptions(log_format=log_format, level=level, **more)
        logs = open_logs(root / "logs", root / "metrics", console, options)
        opened.append(logs)
        return logs

    yield make
    for logs in opened:
        logs.close()


def contents(folder):
    return {f"{path.parent.name}/{path.name}": path.read_text() for path in folder.rglob("*.log")}


def test_all_files_exist_from_the_start(open_, tmp_path):
    """Five files, before anything is logged: log shippers expect them."""
    open_()
    assert set(contents(tmp_path)) == {
        "logs/access_log.log",
        "logs/ts_log.log",
        "logs/model_log.log",
        "metrics/ts_metrics.log",
        "metrics/model_metrics.log",
    }


def write_one_of_each(logs):
    logging.getLogger("servescope.fleet").info("worker started")
    logging.getLogger("somebody.else").warning("library says")
    ModelLog(lambda *_: None).line("W-9000-m_1.0", "stderr", "from the handler", ["r1"])
    members = ('"second":', "}") if logs.server_metrics.json else ("",)
    logs.server_metrics.write(*members)
    logs.model_metrics.write(*members)
    logs.access.write((("10.0.0.1", 5), "GET", b"/ping", "1.1", 200), 1, "r1")
    logs.flush()


def test_each_line_goes_to_its_file(open_, tmp_path):
    """Each kind of line is in its own file, in TorchServe's layout, and in no other."""
    write_one_of_each(open_())
    expected = {
        "logs/access_log.log": [r'- /10\.0\.0\.1:5 "GET /ping HTTP/1\.1" 200 1'],
        "logs/ts_log.log": [
            r"\[INFO \] main servescope\.fleet - worker started",
            r"\[WARN \] main somebody\.else - library says",
        ],
        "logs/model_log.log": [r"\[WARN \] W-9000-m_1\.0-stderr MODEL_LOG - from the handler request_id=r1"],
        "metrics/ts_metrics.log": [r"- \d{10}"],
        "metrics/model_metrics.log": [r"- \d{10}"],
    }
    for name, text in contents(tmp_path).items():
        pattern = "".join(TEXT_LINE + line + "\n" for line in expected[name])
        assert re.fullmatch(pattern, text), (name, text)


def test_everything_is_echoed(open_):
    """The console shows each line in the one console layout."""
    console = io.StringIO()
    write_one_of_each(open_(console=console))
    lines = console.getvalue().splitlines()
    assert [re.sub(r"\d{10}", "SECOND", line.split("] ", 1)[1]) for line in lines] == [
        "main servescope.fleet - worker started",
        "main somebody.else - library says",
        "W-9000-m_1.0-stderr MODEL_LOG - from the handler request_id=r1",
        "main TS_METRICS - SECOND",
        "main MODEL_METRICS - SECOND",
        'main ACCESS_LOG - /10.0.0.1:5 "GET /ping HTTP/1.1" 200 1',
    ]


def test_json_everywhere(open_, tmp_path):
    """With log_format=json every line of every file, and of the console, is an object with a time and a logger."""
    console = io.StringIO()
    write_one_of_each(open_("json", console))
    texts = [*contents(tmp_path).values(), console.getvalue()]
    assert all(text for text in texts)
    for line in "".join(texts).splitlines():
        assert {"time", "level", "logger"} <= json.loads(line).keys()


def test_level_is_the_servers(open_, tmp_path):
    """The level filters the server's own lines, under log4j's names too, and not a model's."""
    open_(level="WARN")
    logging.getLogger("servescope.web").info("quiet")
    logging.getLogger("servescope.web").warning("loud")
    ModelLog(lambda *_: None).line("W-9000-m_1.0", "stdout", "printed")
    found = contents(tmp_path)
    assert "quiet" not in found["logs/ts_log.log"]
    assert "loud" in found["logs/ts_log.log"]
    assert "printed" in found["logs/model_log.log"]


def test_close_flushes_and_restores(open_, tmp_path):
    """Closing writes out what is held and leaves the loggers as they were found; a second close is harmless."""
    before = [_state(name) for name in LOGGERS]
    logs = open_()
    logs.access.write((None, "GET", b"/ping", "1.1", 200), 1, "last")
    assert [_state(name) for name in LOGGERS] != before
    logs.close()
    logs.close()
    assert [_state(name) for name in LOGGERS] == before
    assert contents(tmp_path)["logs/access_log.log"].endswith(" 200 1\n")


def _state(name):
    logger = logging.getLogger(name)
    return list(logger.handlers), logger.level, logger.propagate, logger.disabled


def test_unusable_location_is_told_not_fatal(open_, tmp_path):
    """Where the log folder cannot be made the server logs to the console, says why, and counts what is lost."""
    (tmp_path / "logs").write_text("a file, not a folder")
    console = io.StringIO()
    logs = open_(console=console)
    logging.getLogger("servescope").info("still here")
    assert {name: count() for name, count in logs.lost.items() if count()} == {"ts_log": 1}
    said = console.getvalue()
    assert f"{tmp_path / 'logs' / 'ts_log.log'} cannot be written" in said
    assert "still here" in said
    assert (tmp_path / "metrics" / "ts_metrics.log").exists()


@pytest.mark.parametrize(
    ("log_format", "level", "words"), [("xml", "INFO", "log_format=xml"), ("text", "LOUD", "level=LOUD")]
)
def test_bad_settings_are_named(open_, tmp_path, log_format, level, words):
    """A format or level that there is not is refused by name and value, before any file is made."""
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        open_(log_format, level=level)
    assert contents(tmp_path) == {}


def test_ts_log_has_copies_of_the_others(open_, tmp_path):
    """As TorchServe's shipped configuration has it, in the console's layout; each kind can be chosen."""
    logs = open_(copies=frozenset(("access", "model", "metrics")))
    write_one_of_each(logs)
    loggers = [re.sub(r".*\] \S+ (\S+) - .*", r"\1", line) for line in ts_log(tmp_path)]
    names = ["servescope.fleet", "somebody.else", "MODEL_LOG", "TS_METRICS", "MODEL_METRICS", "ACCESS_LOG"]
    assert loggers == names


@pytest.mark.parametrize(
    ("kind", "logger"), [("access", "ACCESS_LOG"), ("model", "MODEL_LOG"), ("metrics", "TS_METRICS")]
)
def test_each_copy_can_be_chosen(open_, tmp_path, kind, logger):
    """The others are in their own files alone; the console has all."""
    write_one_of_each(open_(copies=frozenset((kind,))))
    text = "".join(ts_log(tmp_path))
    assert {name: f" {name} - " in text for name in ("ACCESS_LOG", "MODEL_LOG", "TS_METRICS")} == {
        name: name == logger for name in ("ACCESS_LOG", "MODEL_LOG", "TS_METRICS")
    }


def ts_log(root):
    return (root / "logs" / "ts_log.log").read_text().splitlines()
