"""Whoever wants to know that somebody has changed what is registered, before whoever changed it is answered.

In: `told`, by `serving.lifecycle` and `serving.counts` after each change. Out: a call of the listener, which `server.snapshots` is.
"""

from collections.abc import Awaitable, Callable


class Changes:
    """Has one listener, or none. The listener may take its time, and raises nothing."""

    def __init__(self) -> None:
        self.listener: Callable[[], Awaitable[None]] | None = None

    async def told(self) -> None:
        """Something has changed. Returns once the listener has heard of it."""
        if self.listener is not None:
            await self.listener()
