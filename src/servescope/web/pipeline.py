"""Whole requests of one connection that wait for the answers before theirs. Used by `connection`."""

from collections import deque

from servescope.web.request import Request

_MOST = 64
_MOST_BYTES = 1024 * 1024


class Pipeline:
    """Requests in the order in which they came."""

    __slots__ = ("_bytes", "_requests")

    def __init__(self) -> None:
        self._requests: deque[Request] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._requests)

    @property
    def full(self) -> bool:
        """Whether no more should be read. No sooner: who does not read does not hear that the client hung up either."""
        return len(self._requests) >= _MOST or self._bytes > _MOST_BYTES

    def put(self, request: Request) -> None:
        """Add one at the end."""
        self._requests.append(request)
        self._bytes += request.size

    def take(self) -> Request:
        """The next one. Raises IndexError where there is none."""
        request = self._requests.popleft()
        self._bytes -= request.size
        return request
