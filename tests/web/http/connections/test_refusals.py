"""Answers that a connection gives by itself: plain ones, and those that an app has words for."""

import pytest

from servescope.web.http.connections.refusals import last_answer, too_large

TOLD = (b"content-type: text/plain\r\ncontent-length: 2\r\n", b"no")


@pytest.mark.parametrize("status", [400, 408, 413, 431])
def test_the_last_answer(status):
    """The connection closes after it; an app's words stand under the same status line."""
    plain, told = last_answer(status, None), last_answer(status, TOLD)
    assert plain.startswith(b"HTTP/1.1 %d " % status)
    assert told.splitlines()[0] == plain.splitlines()[0]
    assert told.endswith(b"connection: close\r\n\r\nno")
    assert b"connection: close\r\n" in plain


def test_too_large_on_a_connection_that_goes_on():
    """Empty as TorchServe's, or with an app's words."""
    assert too_large(None) == b"HTTP/1.1 413 Request Entity Too Large\r\ncontent-length: 0\r\n\r\n"
    assert too_large(TOLD).endswith(b"content-length: 2\r\n\r\nno")
    assert b"connection: close" not in too_large(TOLD)
