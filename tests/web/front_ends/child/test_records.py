"""What a front end logs, as the owner is told of it."""

import logging

import pytest

from servescope.web.front_ends.child.records import TellingHandler
from servescope.web.front_ends.messages import Said
from servescope.wire.frames import FrameWriter


@pytest.mark.parametrize(("text", "told"), [("plain %s", "plain ü"), ("half \udc80 %s", "half \\udc80 ü")])
def test_told(text, told):
    """Half of a surrogate pair, as a file's name may have it, is escaped as in every log file, and can be said."""
    said = []
    handler = TellingHandler(said.append)
    handler.emit(logging.LogRecord("servescope.web", logging.WARNING, "", 0, text, ("ü",), None))
    assert said == [Said("servescope.web", logging.WARNING, told)]
    FrameWriter().add(said[0])


def test_arguments_that_do_not_fit(capsys):
    """Then logging says so on stderr, and nothing is told."""
    said = []
    TellingHandler(said.append).emit(logging.LogRecord("servescope.web", logging.WARNING, "", 0, "%d", ("x",), None))
    assert not said
    assert "Logging error" in capsys.readouterr().err
