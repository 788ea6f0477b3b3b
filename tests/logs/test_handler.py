"""Records become lines of their own file, of ts_log.log and of the console."""

import io
import logging

import pytest

from servescope.logs.handler import LineHandler
from servescope.logs.junction import Junction
from servescope.logs.sinks import Console, RollingFile


@pytest.fixture
def server(tmp_path):
    return RollingFile(tmp_path / "ts_log.log", print)


def test_survives_a_bad_record(tmp_path, server, capsys):
    """A log call whose arguments do not fit its text is told on stderr and stops nobody."""
    logger = logging.Logger("bad")
    logger.addHandler(LineHandler(Junction(Console(None), server), logging.Formatter()))
    logger.warning("%d", "no number")
    logger.warning("good")
    assert (tmp_path / "ts_log.log").read_text() == "good\n"
    assert "no number" in capsys.readouterr().err


@pytest.mark.parametrize("copied", [True, False])
def test_a_file_of_its_own(tmp_path, server, copied):
    """Has the line; ts_log.log has it where it is copied, the console always."""
    console = io.StringIO()
    own = RollingFile(tmp_path / "model_log.log", print)
    logger = logging.Logger("model")
    logger.addHandler(LineHandler(Junction(Console(console), server), logging.Formatter(), own, copied=copied))
    logger.warning("x")
    assert (tmp_path / "model_log.log").read_text() == console.getvalue() == "x\n"
    assert (tmp_path / "ts_log.log").read_text() == ("x\n" if copied else "")
