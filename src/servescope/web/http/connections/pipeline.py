"""Whole requests of one connection that wait for the answers before theirs. Used by `connection`."""

from collections import deque

from servescope.web.http.request import Request

_MOST = 64
_MOST_BYTES = 1024 * 1024
_HEADER_BYTES = 200  # that a header takes besides its text


class Pipeline(deque[Request]):
    """Requests in the order in which they came. Whether there are any is asked twice a request: it is a deque for that."""

    __slots__ = ("_bytes",)

    def __init__(self) -> None:
        super().__init__()
        self._bytes = 0

    @property
    def full(self) -> bool:
        """Whether no more should be read. No sooner: who does not read does not hear that the client hung up either."""
        return len(self) >= _MOST or self._bytes > _MOST_BYTES

    def put(self, request: Request) -> None:
        """Add one at the end."""
        self.append(request)
        self._bytes += _memory(request)

    def take(self) -> Request:
        """The next one. Raises IndexError where there is none."""
        request = self.popleft()
        self._bytes -= _memory(request)
        return request


def _memory(request: Request) -> int:
    """Bytes that it takes, roughly. A request that waits is not changed."""
    headers = sum([_HEADER_BYTES + len(name) + len(value) for name, value in request.headers])
    return request.size + 2 * len(request.target) + headers
