"""What a connection is at, and so whom it waits for. Told by `connection` and `handshake`, read by `clients` and `room`."""

from enum import Enum
from typing import Protocol


class Phase(Enum):
    """The value is the label of servescope_connections."""

    IDLE = "idle"  # between two requests
    HEADER = "header"  # no whole header has come: TLS is being agreed on, nothing was said yet, or half of it
    BODY = "body"  # a header has come, and its body has not
    ANSWERING = "answering"  # a request is in the server's hands
    UNREAD = "unread"  # an answer waits for its client to take it


class Client(Protocol):
    """A connection as those see it who may end it. `rested`: since when it has asked nothing, its last answer or its beginning, in
    monotonic seconds.
    """

    rested: float

    @property
    def busy(self) -> bool:
        """Whether a request of it is in the server's hands."""

    @property
    def phase(self) -> Phase:
        """What it is at now."""

    @property
    def progress(self) -> int:
        """Bytes of the header, the body or the answer that have come or wait: a client that does its part changes this."""

    def close(self) -> None:
        """End it; what was written goes out."""

    def give_up(self, *, at_once: bool) -> None:
        """End it, with 408 where a part of a request has come. `at_once`: its descriptor is needed; nothing is waited for."""
