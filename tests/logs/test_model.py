"""A worker's output is logged as TorchServe logs it."""

import logging

import pytest

from servescope.logs.model import ModelLog
from servescope.wire.records import HandedRecord, encode_record


@pytest.fixture
def records():
    """What the logger MODEL_LOG is given; the logger is left as it was."""
    seen: list[logging.LogRecord] = []
    logger = logging.getLogger("MODEL_LOG")
    handler = logging.Handler()
    handler.emit = seen.append
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    yield seen
    logger.removeHandler(handler)
    logger.level, logger.propagate = before
    logger.manager._clear_cache()


@pytest.fixture
def later():
    """What is to be called later; a test calls it."""
    return []


@pytest.fixture
def log(later):
    return ModelLog(lambda _seconds, act: later.append(act))


@pytest.mark.parametrize(("stream", "level"), [("stdout", logging.INFO), ("stderr", logging.WARNING)])
def test_stream_gives_level_and_thread(log, records, stream, level):
    """What comes on stdout is INFO and on stderr WARN, each on a thread named after worker and stream."""
    log.line("W-9000-m_1.0", stream, "100% loaded %s\n")
    [record] = records
    assert (record.levelno, record.threadName) == (level, f"W-9000-m_1.0-{stream}")
    assert record.getMessage() == "100% loaded %s"


def test_request_ids_are_kept(log, records):
    """The ids of the requests in hand go with the line, and none where there are none."""
    log.line("W-9000-m_1.0", "stdout", "x", ("a", "b"))
    log.line("W-9000-m_1.0", "stdout", "y")
    assert records[0].request_ids == ["a", "b"]
    assert not hasattr(records[1], "request_ids")


def test_level_can_silence(log, records):
    """A logging configuration that raises MODEL_LOG's level silences stdout."""
    logging.getLogger("MODEL_LOG").setLevel(logging.WARNING)
    log.line("W-9000-m_1.0", "stdout", "quiet")
    log.line("W-9000-m_1.0", "stderr", "loud")
    assert [record.getMessage() for record in records] == ["loud"]


RECORD = HandedRecord(logging.ERROR, "my.handler", "it\nbroke", ("a",), "Traceback…")


def test_a_record_that_was_handed_over(log, records):
    """Keeps its level, its logger's name, its traceback and its requests; the thread is the worker's stream."""
    log.line("W-9000-m_1.0", "stdout", encode_record(RECORD), ("a", "b"))
    [record] = records
    assert (record.levelno, record.name, record.origin) == (logging.ERROR, "MODEL_LOG", "my.handler")
    assert (record.getMessage(), record.exc_text, record.request_ids) == ("it\nbroke", "Traceback…", ["a"])
    assert record.threadName == "W-9000-m_1.0-stdout"


def test_a_record_without_requests_of_its_own(log, records):
    """Gets those in the worker's hands."""
    log.line("W-9000-m_1.0", "stdout", encode_record(RECORD._replace(request_ids=())), ("a", "b"))
    assert records[0].request_ids == ["a", "b"]


def test_a_record_behind_a_line_without_an_end(log, records):
    """Two: what was printed, and the record."""
    log.line("W-9000-m_1.0", "stdout", "progress" + encode_record(RECORD))
    assert [(record.levelno, record.getMessage()) for record in records] == [(20, "progress"), (40, "it\nbroke")]


@pytest.mark.parametrize("text", ["\x1e", "a\x1e{", '\x1e["x"]', "\x1e[1,2,3,4,5]", "\x1e" + "[" * 5000])
def test_what_only_looks_like_a_record(log, records, text):
    """A handler may print anything: it stays a line."""
    log.line("W-9000-m_1.0", "stdout", text)
    assert [record.getMessage() for record in records] == [text]


TRACEBACK = ["Traceback (most recent call last):", '  File "x.py", line 1, in f', "    f()", "ValueError: deep"]
CAUSE = ["", "During handling of the above exception, another exception occurred:", ""]


class Whole:
    """A log that puts tracebacks together, and what it was given."""

    def __init__(self, later, records):
        self._later, self._records = later, records
        self._log = ModelLog(lambda _seconds, act: later.append(act), whole=True)

    def say(self, *lines, stream="stderr", ids=("r",)):
        for line in lines:
            self._log.line("W-9000-m_1.0", stream, line, ids)
        return self

    def wait(self):
        for act in self._later:
            act()
        return [(record.getMessage(), record.exc_text) for record in self._records]


@pytest.fixture
def whole(later, records):
    return Whole(later, records)


def test_a_printed_traceback_is_one_record(whole, records):
    """Its message is its last line; it has the requests that were in hand."""
    assert whole.say(*TRACEBACK).wait() == [("ValueError: deep", "\n".join(TRACEBACK))]
    assert records[0].request_ids == ["r"]


def test_a_traceback_with_its_cause(whole):
    """Is one too."""
    lines = [*TRACEBACK, *CAUSE, *TRACEBACK]
    assert whole.say(*lines).wait() == [("ValueError: deep", "\n".join(lines))]


def test_lines_around_a_traceback(whole):
    """Stay lines, in their order; a second traceback is another."""
    said = whole.say("before", *TRACEBACK, "after", *TRACEBACK, *TRACEBACK).wait()
    one = ("ValueError: deep", "\n".join(TRACEBACK))
    assert said == [("before", None), one, ("after", None), one, one]


def test_two_streams_do_not_mix(whole):
    """Each has its own traceback."""
    for line in TRACEBACK:
        whole.say(line).say(line, stream="stdout")
    one = ("ValueError: deep", "\n".join(TRACEBACK))
    assert whole.wait() == [one, one]


def test_a_traceback_that_never_ends(whole, records):
    """What there is of it is told; what follows is not waited for."""
    assert whole.say(*TRACEBACK[:2]).wait() == [(TRACEBACK[1], "\n".join(TRACEBACK[:2]))]
    records.clear()
    assert whole.say("later").wait() == [("later", None)]


def test_without_json_a_traceback_is_lines(log, records):
    """As TorchServe has them."""
    for line in TRACEBACK:
        log.line("W-9000-m_1.0", "stderr", line)
    assert [record.getMessage() for record in records] == TRACEBACK
