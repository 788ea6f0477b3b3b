"""Errors as OpenAI's clients read them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import (
    BadRequest,
    BodyTooLarge,
    InvalidKey,
    MethodNotAllowed,
    ModelNotFound,
    RequestTimeout,
    ServescopeError,
    ServiceUnavailable,
    WorkerFailed,
)
from servescope.web.http.exchange import encode_headers
from servescope.web.openai.errors import BadBody, NoSuchModel, WrongContentType, WrongMethod
from servescope.web.openai.face import OPENAI

JSON_TYPE = (b"content-type", b"application/json")


@pytest.mark.parametrize(
    ("error", "status", "kind", "param", "headers"),
    [
        (BadRequest("x"), 400, "BadRequestError", None, []),
        (BadBody("x", "model"), 400, "BadRequestError", "model", []),
        (InvalidKey("x"), 401, "AuthenticationError", None, [(b"www-authenticate", b"Bearer")]),
        (ModelNotFound("x"), 404, "NotFoundError", None, []),
        (NoSuchModel("x"), 404, "NotFoundError", "model", []),
        (MethodNotAllowed(), 405, "MethodNotAllowedError", None, []),
        (
            WrongMethod("PUT", "/v1/models", ("GET", "HEAD")),
            405,
            "MethodNotAllowedError",
            None,
            [(b"allow", b"GET, HEAD")],
        ),
        (RequestTimeout("x"), 408, "RequestTimeoutError", None, []),
        (BodyTooLarge(3), 413, "RequestEntityTooLargeError", None, []),
        (WrongContentType("a/b"), 415, "UnsupportedMediaTypeError", None, []),
        (ServiceUnavailable("x", retry_after_s=7), 503, "ServiceUnavailableError", None, [(b"retry-after", b"7")]),
        (WorkerFailed("x"), 500, "InternalServerError", None, []),
        (WorkerFailed("x", code=507), 507, "InternalServerError", None, []),
        (ServescopeError("x"), 500, "InternalServerError", None, []),
    ],
)
def test_refusals(error, status, kind, param, headers):
    """Status and type of each, and the headers that a client may act upon."""
    got, sent, body = OPENAI.refusal(error)
    assert (got, sent) == (status, [JSON_TYPE, *headers])
    assert json.loads(body) == {"error": {"message": error.message, "type": kind, "param": param, "code": status}}


@given(st.text(alphabet=st.characters()))
def test_last_words(message):
    """One event of one line, whatever the message."""
    said = OPENAI.last_words(WorkerFailed(message))
    assert said.startswith(b"data: {")
    assert said.endswith(b"}\n\n")
    assert said.count(b"\n") == 2
    assert json.loads(said.removeprefix(b"data: "))["error"]["type"] == "InternalServerError"


def test_torchserves_mark_is_kept_back():
    """And the headers that are the server's own; no other."""
    headers = {"ts_stream_next": "true", "Connection": "close", "x-mine": "1", "content-type": "text/event-stream"}
    sent = [(b"x-mine", b"1"), (b"content-type", b"text/event-stream")]
    assert encode_headers(headers, OPENAI.kept_back) == sent
    assert encode_headers(headers) == [(b"ts_stream_next", b"true"), *sent]
