"""Errors as clients of the V2 protocol read them: `{"error": "…"}`. A `face.Face`."""

from servescope.errors import ServescopeError, status_of
from servescope.web.http.face import OWN_HEADERS, Header, refusal_headers
from servescope.web.http.pretty import pretty_json


class V2Face:
    """TorchServe's statuses."""

    kept_back = OWN_HEADERS

    def refusal(self, error: ServescopeError) -> tuple[int, list[Header], bytes]:
        """See `face.Face`."""
        return status_of(error), refusal_headers(error), pretty_json({"error": error.message})

    def last_words(self, error: ServescopeError) -> bytes:  # noqa: ARG002  # see `face.Face`
        """See `face.Face`."""
        return b""


V2_FACE = V2Face()
