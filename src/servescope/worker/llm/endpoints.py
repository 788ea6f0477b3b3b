"""Which of the app's endpoints a request may ask for, and which headers pass. Called by the language models' handler.

The rest of vLLM's app (health, metrics, documentation, what controls the engine) is the front end's business, or nobody's.
"""

from collections.abc import Iterable, Sequence

_OTHERS = frozenset(
    ("tokenize", "detokenize", "pooling", "classify", "score", "rerank", "v2/rerank", "v2/embed", "generative_scoring")
)
_READ = frozenset(("v1/models",))
_CONTROLS = frozenset(("v1/load_lora_adapter", "v1/unload_lora_adapter"))
_NOT_PASSED_ON = frozenset(
    (b"content-length", b"content-type", b"transfer-encoding", b"connection", b"host", b"origin", b"x-request-id")
)
_NOT_PASSED_BACK = frozenset((b"content-length", b"transfer-encoding", b"connection", b"x-request-id"))


def method_of(path: str) -> str | None:
    """The method of an endpoint, whose `path` has no slash before it; None for one that is not served."""
    if path in _READ:
        return "GET"
    if path in _CONTROLS:
        return None
    return "POST" if path in _OTHERS or (path.startswith("v1/") and path.isprintable()) else None


def is_unrouted(status: int, body: bytes) -> bool:
    """Whether the app's answer says that it has no such endpoint: all its own errors have another shape."""
    return status in (404, 405) and body.startswith(b'{"detail":')


def app_headers(headers: Sequence[tuple[bytes, bytes]], request_id: str | None) -> list[tuple[bytes, bytes]]:
    """The client's headers for the app. A body is JSON, whatever a client called it; the request's id is the server's."""
    passed = [(name.lower(), value) for name, value in headers if name.lower() not in _NOT_PASSED_ON]
    passed.append((b"content-type", b"application/json"))
    if request_id:
        passed.append((b"x-request-id", request_id.encode("latin-1", "replace")))
    return passed


def response_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """The app's headers for the client; the front end sets what frames the answer."""
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name.lower() not in _NOT_PASSED_BACK
    ]
