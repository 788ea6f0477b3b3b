"""A worker's output is logged as TorchServe logs it."""

import logging

import pytest

from servescope.logs.model import model_line


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


@pytest.mark.parametrize(("stream", "level"), [("stdout", logging.INFO), ("stderr", logging.WARNING)])
def test_stream_gives_level_and_thread(records, stream, level):
    """What comes on stdout is INFO and on stderr WARN, each on a thread named after worker and stream."""
    model_line("W-9000-m_1.0", stream, "100% loaded %s\n")
    [record] = records
    assert (record.levelno, record.threadName) == (level, f"W-9000-m_1.0-{stream}")
    assert record.getMessage() == "100% loaded %s"


def test_request_ids_are_kept(records):
    """The ids of the requests in hand go with the line, and none where there are none."""
    model_line("W-9000-m_1.0", "stdout", "x", ("a", "b"))
    model_line("W-9000-m_1.0", "stdout", "y")
    assert records[0].request_ids == ["a", "b"]
    assert not hasattr(records[1], "request_ids")


def test_level_can_silence(records):
    """A logging configuration that raises MODEL_LOG's level silences stdout."""
    logging.getLogger("MODEL_LOG").setLevel(logging.WARNING)
    model_line("W-9000-m_1.0", "stdout", "quiet")
    model_line("W-9000-m_1.0", "stderr", "loud")
    assert [record.getMessage() for record in records] == ["loud"]
