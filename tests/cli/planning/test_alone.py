"""What is said of requests that failed one at a time."""

import pytest

from servescope.cli.planning.alone import joined, told
from servescope.planner.load.trial import LOST, Sent, Trial


def failed(code: int, said: bytes = b"") -> Trial:
    """One request that was answered so."""
    return Trial(1.0, 1.0, 1, [Sent(0.0, LOST)], {code: 1}, said=said)


def test_several_are_one():
    """Their failures are added up, and the first that said something is heard."""
    found = joined([failed(500), failed(400, b"one"), failed(400, b"two"), Trial(1.0, 1.0, 1, [Sent(0.0, 0.1)])])
    assert dict(found.failures) == {500: 1, 400: 2}
    assert (found.answered, found.said) == (1, b"one")


@pytest.mark.parametrize(
    ("trial", "words"),
    [
        (failed(400, b'{"code": 400, "message": "no [red] shape"}'), "1 × 400: no [red] shape (does the payload fit?"),
        (failed(413, b'{"message": "too large"}'), "1 × 413: too large (the payload is larger than max_request_size)"),
        (failed(401, b'{"error": "no key"}'), "1 × 401: no key (give its key with --inference-token)"),
        (failed(404, b"\xff\x1b[31m"), "1 × 404: \ufffd\\x1b[31m (is that its path?"),
        (failed(418, b"[1]"), "1 × 418: [1]"),
        (failed(0), "1 × no answer"),
        (Trial(1.0, 1.0, 1, [Sent(0.0, LOST)]), "1 × no answer in time"),
    ],
)
def test_it_says_what_the_server_said_and_what_helps(trial, words):
    """In a line that a terminal can show."""
    assert told(trial).startswith(words)
    assert told(trial).isprintable()
