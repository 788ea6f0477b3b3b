"""The last requests of a model that failed: in, one call for each from `web.inference.prediction`; out, what the console shows.

Kept whether or not anybody looks, as nobody looks before something has failed. What clients and handlers said stands in it: it is
for those alone who may see that.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from servescope.errors import Raised, ServescopeError, WorkerFailed
from servescope.metrics.recording.codes import DEADLINE, HUNG_UP

KEPT: Final = 50
_LONGEST: Final = 2000


class Failure(Struct, frozen=True):
    """One. `at`: seconds since 1970. `error`: TorchServe's name for its kind, "" where the handler answered so itself. `worker`: ""
    where it never came to one. `raised`: by the handler.
    """

    at: float
    code: int
    error: str
    message: str
    request_id: str
    worker: str
    route: str
    duration_s: float
    raised: Raised | None


class Failures:
    """Of one model version; the oldest goes when there are KEPT."""

    def __init__(self) -> None:
        self._kept: deque[Failure] = deque(maxlen=KEPT)

    def __iter__(self) -> Iterator[Failure]:
        """The newest first."""
        return iter(tuple(reversed(self._kept)))

    def note(
        self,
        at: float,
        code: int,
        error: ServescopeError | None,
        request_id: str,
        worker: str,
        route: str,
        duration_s: float,
    ) -> None:
        """A request came to such an end; see `failed`."""
        raised = error.raised if isinstance(error, WorkerFailed) else None
        name, message = ("", "") if error is None else (error.type_name, error.message[:_LONGEST])
        self._kept.append(Failure(at, code, name, message, request_id, worker, route, duration_s, raised))


def failed(code: int) -> bool:
    """Whether somebody was not served who should have been: a server error, a deadline missed, or a client that did not wait."""
    return code >= 500 or code in (DEADLINE, HUNG_UP)
