"""One request of a batch, as a handler's context shows it: its headers, and the status and headers of its answer.

Made by `rows` for each request, held by `context`, read by `outputs`. The names are TorchServe's (ts.context).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from servescope.wire.messages import Field
from servescope.worker.requests.headers import Headers

CONTENT_TYPE = "content-type"
OK = 200


class RequestProcessor:
    """One request's headers, and the status and headers of its answer.

    `headers` are the wire's, in their own case and order; `extra` are the server's, and win over a client's, as does what it
    says of each of the `fields`. A plain dict of text does as `headers` too, as in TorchServe. Nothing is decoded, or put together,
    until somebody asks.
    """

    __slots__ = ("_extra", "_fields", "_headers", "_properties", "reason", "response_headers", "status")

    def __init__(
        self,
        headers: Sequence[tuple[bytes, bytes]] | dict[str, Any],
        extra: Mapping[str, Any] | None = None,
        fields: Sequence[Field] = (),
    ) -> None:
        self._extra: Mapping[str, Any] = extra if extra is not None else {}
        self._fields = fields
        self._headers: Sequence[tuple[bytes, bytes]] = ()
        self._properties: Headers | None = None
        if isinstance(headers, dict):
            self._properties = Headers([*headers.items(), *self._added().items()])
        else:
            self._headers = headers
        self.status = OK
        self.reason: str | None = None
        self.response_headers: dict[str, str] = {}

    def get_request_property(self, key: str) -> Any:
        """The value of a header, in any case; the last of repeated ones; None without."""
        added = self._added()
        if key in added:
            return added[key]
        if self._properties is not None:
            return self._properties.get(key)
        folded = key.lower()
        for name in reversed([*added]):
            if name.lower() == folded:
                return added[name]
        # A few comparisons of bytes cost less than decoding every header, and most handlers ask for one or two.
        wanted = folded.encode("latin-1", "replace")
        for wire, value in reversed(self._headers):
            if wire.lower() == wanted:
                return value.decode("latin-1")
        return None

    def said_by_server(self, key: str) -> Any:
        """What the server itself says of the request under this name, whatever headers its client has sent; None without."""
        return self._added().get(key)

    def _added(self) -> Mapping[str, Any]:
        """What the server adds to a client's headers: of each field its type, then its own, for which no field may pass."""
        if self._fields:
            types = {field.name: {CONTENT_TYPE: field.content_type} for field in self._fields}
            self._extra, self._fields = {**types, **self._extra}, ()
        return self._extra

    def get_request_properties(self) -> Headers:
        """All headers, in the wire's case, looked up in any case."""
        if self._properties is None:
            wire = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._headers]
            self._properties = Headers([*wire, *self._added().items()])
        return self._properties

    @property
    def wire_headers(self) -> Sequence[tuple[bytes, bytes]]:
        """The client's headers as they came, undecoded; none of the server's."""
        return self._headers

    def report_status(self, code: int, reason_phrase: str | None = None) -> None:
        """Set the HTTP status. The phrase is kept for `get_response_status_phrase` and goes no further."""
        self.status = int(code)
        self.reason = reason_phrase

    def get_response_status_code(self) -> int:
        """The HTTP status, 200 until a handler sets another."""
        return self.status

    def get_response_status_phrase(self) -> str | None:
        """The phrase that the handler gave, None without."""
        return self.reason

    def add_response_property(self, key: str, value: Any) -> None:
        """Set a header of the answer."""
        self.response_headers[str(key)] = str(value)

    def get_response_headers(self) -> dict[str, str]:
        """The answer's headers as the handler set them."""
        return self.response_headers

    def get_response_header(self, key: str) -> str | None:
        """One header of the answer."""
        return self.response_headers.get(key)
