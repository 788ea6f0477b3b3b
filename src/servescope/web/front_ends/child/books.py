"""What a front end counts of its connections, as word to the owner. In: calls of `clients`. Out: messages. Made by `serving`."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from servescope.web.front_ends.messages import AcceptFailed, Census, Closed

_STATM = Path("/proc/self/statm")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Books:
    """A `clients.Recorder`."""

    def __init__(self, say: Callable[[msgspec.Struct], None]) -> None:
        self._say = say
        self._phases: Callable[[], Mapping[str, int]] = dict

    def show(self, census: Callable[[], Mapping[str, int]]) -> None:
        """See `clients.Recorder`."""
        self._phases = census

    def closed(self, reason: str) -> None:
        """See `clients.Recorder`."""
        self._say(Closed(reason))

    def accept_failed(self, reason: str) -> None:
        """See `clients.Recorder`."""
        self._say(AcceptFailed(reason))

    def census(self, polled_s: float) -> Census:
        """How things are. `polled_s`: see `Awake`."""
        return Census(dict(self._phases()), time.process_time(), polled_s, _resident_bytes())


def _resident_bytes() -> int:
    """0 where /proc does not say."""
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0
