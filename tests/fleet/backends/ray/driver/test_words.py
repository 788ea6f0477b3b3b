"""Ray's errors in a line."""

import pytest

from servescope.fleet.backends.ray.driver.words import first_line, why_not_connected

VERSIONS = """Version mismatch: The cluster was started with:
    Ray: 2.1.0
    Python: 3.12.1
This process on 10.0.0.1:6379 was started with:
    Ray: 2.60.0
    Python: 3.11.7
"""


def test_versions():
    """Both of both."""
    said = (
        "the cluster has Ray 2.1.0 and Python 3.12.1, this server Ray 2.60.0 and Python 3.11.7; they must be the same"
    )
    assert why_not_connected(RuntimeError(VERSIONS), {}) == said


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {},
            "RAY_USE_TLS is 0",
        ),
        ({"RAY_USE_TLS": "1"}, "RAY_USE_TLS is 1"),
        ({"RAY_AUTH_MODE": "token"}, "RAY_AUTH_MODE is token"),
    ],
)
def test_a_cluster_that_does_not_answer(environ, said):
    """What it may want, and what it gets of it."""
    text = why_not_connected(ConnectionError("Failed to connect to h:1\nadvice"), environ)
    assert text.startswith("ConnectionError: Failed to connect to h:1. Somebody listens there")
    assert said in text


def test_another_error():
    """Its first line that is none of air."""
    assert why_not_connected(ValueError("\n  this\nthat"), {}) == first_line(ValueError("this")) == "ValueError: this"
    assert first_line(ValueError()) == "ValueError: "
    failed = ConnectionAbortedError("Initialization failure from server:\nTraceback\n  RuntimeError: See the log.\n")
    assert (
        first_line(failed) == "ConnectionAbortedError: Initialization failure from server: RuntimeError: See the log."
    )


class RuntimeEnvSetupError(Exception):
    """Named as ray's."""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Failed to set up.\n Traceback\n    ERROR: none found\n    ERROR: no x==1\n\n", "no x==1"),
        ("Failed to set up.\nOSError: disk full\n", "OSError: disk full"),
    ],
)
def test_an_environment(text, said):
    """What went wrong in it comes last."""
    assert first_line(RuntimeEnvSetupError(text)) == f"runtime_env cannot be prepared: {said}"
