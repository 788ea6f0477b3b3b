"""Which status and words an error has in gRPC."""

import inspect
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope import errors
from servescope.errors import (
    Conflict,
    InvalidKey,
    MethodNotAllowed,
    ModelNotFound,
    RequestTimeout,
    ServescopeError,
    ServiceUnavailable,
    WorkerFailed,
)

grpc = pytest.importorskip("grpc", reason="grpcio is not installed: make test-grpc has it")

from servescope.web.grpc.statuses import INFERENCE, PLAIN, TORCHSERVE  # noqa: E402  # needs grpc


@pytest.mark.parametrize(
    ("error", "inference", "management"),
    [
        (InvalidKey("x"), "PERMISSION_DENIED", "PERMISSION_DENIED"),
        (ModelNotFound("x"), "INTERNAL", "NOT_FOUND"),
        (ServiceUnavailable("x", why="no_worker"), "INTERNAL", "UNAVAILABLE"),
        (ServiceUnavailable("x", why="queue_full"), "INTERNAL", "UNAVAILABLE"),
        (ServiceUnavailable("x", why="draining"), "UNAVAILABLE", "UNAVAILABLE"),
        (Conflict("x"), "ABORTED", "ABORTED"),
        (MethodNotAllowed("x"), "PERMISSION_DENIED", "PERMISSION_DENIED"),
        (RequestTimeout("x"), "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
        (WorkerFailed("x"), "INTERNAL", "INTERNAL"),
        (WorkerFailed("x", code=507), "RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED"),
        (WorkerFailed("x", code=416), "OUT_OF_RANGE", "OUT_OF_RANGE"),
        (WorkerFailed("x", code=418), "FAILED_PRECONDITION", "FAILED_PRECONDITION"),
        (WorkerFailed("x", code=600), "UNKNOWN", "UNKNOWN"),
        (WorkerFailed("x", code=599), "INTERNAL", "INTERNAL"),
    ],
)
def test_statuses(error: ServescopeError, inference: str, management: str):
    """TorchServe's inference service says INTERNAL where there is no model or no worker."""
    code = error.code if isinstance(error, WorkerFailed) else error.status
    assert INFERENCE.status(error, code).name == inference
    assert TORCHSERVE.status(error, code).name == PLAIN.status(error, code).name == management


@pytest.mark.parametrize("kind", [kind for _, kind in inspect.getmembers(errors, inspect.isclass)])
def test_every_error_has_its_java_class(kind: type):
    """In a line of its own, in one of TorchServe's packages or Gson's."""
    if not issubclass(kind, ServescopeError):
        return
    error = kind(1) if kind is errors.BodyTooLarge else kind("what")
    message, _, name = TORCHSERVE.words(error).rpartition("\n")
    assert message == PLAIN.words(error) == error.message
    assert name.startswith(("org.pytorch.serve.", "com.google.gson."))
    assert name.endswith(f".{error.type_name}")


def test_a_long_description_is_shortened():
    """It travels in metadata, of which clients take 8 KiB; the class stays."""
    for text in ("x" * 10_000, "ä" * 10_000, "%" * 10_000, "\n" * 10_000):
        said = TORCHSERVE.words(WorkerFailed(text))
        assert 6000 < len(quote(said, safe="/: ")) < 7000
        assert said.endswith("...\norg.pytorch.serve.http.InternalServerException")
        assert text.startswith(PLAIN.words(WorkerFailed(text)).removesuffix("..."))


@given(st.text(st.characters(), max_size=50))
def test_a_short_description_is_whole(text: str):
    """But for what UTF-8 cannot say."""
    assert PLAIN.words(WorkerFailed(text)) == text.encode("utf-8", "replace").decode()
