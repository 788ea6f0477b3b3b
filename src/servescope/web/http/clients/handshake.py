"""A connection while TLS is agreed on with its client: there is no `connection` yet, and somebody has to mind the time.

Made by `acceptor`, kept among the port's `clients` until it has become a connection or failed.
"""

import asyncio
from typing import Any

from servescope.web.http.clients.phase import Phase


class Handshake:
    """A `phase.Client`. `task`: what it is agreed on in."""

    busy = False
    phase = Phase.HEADER
    progress = 0

    def __init__(self, task: "asyncio.Task[Any]", began: float) -> None:
        self._task = task
        self.rested = began

    def close(self) -> None:
        """See `phase.Client`."""
        self._task.cancel()

    def give_up(self, *, at_once: bool) -> None:  # noqa: ARG002  # there is nothing to say in
        """See `phase.Client`."""
        self._task.cancel()
