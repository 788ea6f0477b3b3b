"""Says in the log that file descriptors run out: at once, then once a minute while they do. Told by `room`."""

import logging
from collections.abc import Callable

logger = logging.getLogger("servescope.web")

EVERY_S = 60.0
_ADVICE = (
    "File descriptors run out: this process may have %d (ulimit -n)%s. Connections closed to make room: %d; times that none could"
    " be closed, and others had to wait: %d. Raise the limit (LimitNOFILE= of systemd, --ulimit nofile= of docker), or have fewer"
    " clients."
)


class Shortage:
    """`clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._said = -EVERY_S
        self._closed = self._waited = 0
        self._system = False

    def closed(self) -> None:
        """A connection was closed for another."""
        self._closed += 1

    def waited(self, *, system: bool) -> None:
        """None could be closed, and others wait. `system`: no process could have had a descriptor."""
        self._waited += 1
        self._system |= system

    def report(self, limit: int) -> None:
        """Say what was noted, unless it is too soon. `limit`: the process's."""
        now = self._clock()
        if not (self._closed or self._waited) or now - self._said < EVERY_S:
            return
        system = ", and the system has no more either (fs.file-max)" if self._system else ""
        logger.warning(_ADVICE, limit, system, self._closed, self._waited)
        self._said = now
        self._closed = self._waited = 0
        self._system = False
