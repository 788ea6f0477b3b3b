"""Which endpoints of the app a request may ask for, and which headers pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.worker.llm.endpoints import app_headers, is_unrouted, method_of, response_headers


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("v1/completions", "POST"),
        ("v1/chat/completions", "POST"),
        ("v1/models", "GET"),
        ("tokenize", "POST"),
        ("metrics", None),
        ("health", None),
        ("scale_elastic_ep", None),
        ("v1/load_lora_adapter", None),
        ("docs", None),
        ("", None),
        ("/v1/completions", None),
        ("v1/a\nb", None),
    ],
)
def test_methods(path, method):
    """The OpenAI API and what belongs to it; nothing that controls or describes the engine."""
    assert method_of(path) == method


def test_headers_for_the_app():
    """JSON whatever it was called, the server's id; the client's own pass, but what frames or routes a request."""
    headers = [(b"Content-Type", b"text/plain"), (b"X-Request-Id", b"mine"), (b"Authorization", b"a"), (b"Host", b"h")]
    assert app_headers(headers, "r1") == [
        (b"authorization", b"a"),
        (b"content-type", b"application/json"),
        (b"x-request-id", b"r1"),
    ]


def test_headers_for_the_client():
    """The app's own, but what frames the answer."""
    headers = [(b"content-length", b"1"), (b"content-type", b"application/json"), (b"x-a", b"\xe9")]
    assert response_headers(headers) == [("content-type", "application/json"), ("x-a", "é")]


def test_unrouted():
    """The framework's own refusals, not vLLM's of an unknown model."""
    assert is_unrouted(404, b'{"detail":"Not Found"}')
    assert not is_unrouted(404, b'{"error":{"message":"no such model"}}')
    assert not is_unrouted(200, b'{"detail":1}')


@given(st.text())
def test_any_path(path):
    """Whatever is asked for gives an answer."""
    assert method_of(path) in ("GET", "POST", None)
