"""Errors as OpenAI's clients read them: `{"error": {"message", "type", "param", "code"}}`. A `face.Face`.

The names of types are vLLM's, which follow the status. A refused token is 401 here, which those clients know; on TorchServe's
paths it is 400.
"""

import json
from typing import Any

from servescope.errors import InvalidKey, ServescopeError, status_of
from servescope.web.http.face import OWN_HEADERS, Header, refusal_headers

_TYPES = {
    400: "BadRequestError",
    401: "AuthenticationError",
    404: "NotFoundError",
    405: "MethodNotAllowedError",
    408: "RequestTimeoutError",
    413: "RequestEntityTooLargeError",
    415: "UnsupportedMediaTypeError",
    503: "ServiceUnavailableError",
}
_OTHER_TYPE = "InternalServerError"


class OpenAiFace:
    """A stream of events that breaks off says why in a last event, without the `[DONE]` of a whole one."""

    # TorchServe's mark of a streamed piece means nothing to these clients.
    kept_back = OWN_HEADERS | {"ts_stream_next"}

    def refusal(self, error: ServescopeError) -> tuple[int, list[Header], bytes]:
        """See `face.Face`."""
        headers = refusal_headers(error)
        allow = getattr(error, "allow", None)
        if allow is not None:
            headers.append((b"allow", allow.encode()))
        if isinstance(error, InvalidKey):
            headers.append((b"www-authenticate", b"Bearer"))
        return _status(error), headers, _encode(openai_error(error)) + b"\n"

    def last_words(self, error: ServescopeError) -> bytes:
        """See `face.Face`."""
        return b"data: " + _encode(openai_error(error)) + b"\n\n"


OPENAI = OpenAiFace()


def openai_error(error: ServescopeError) -> dict[str, Any]:
    """The body of an error; `code` is the HTTP status, as vLLM's is."""
    status = _status(error)
    param = getattr(error, "param", None)
    said = {"message": error.message, "type": _TYPES.get(status, _OTHER_TYPE), "param": param, "code": status}
    return {"error": said}


def _status(error: ServescopeError) -> int:
    return 401 if isinstance(error, InvalidKey) else status_of(error)


def _encode(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
