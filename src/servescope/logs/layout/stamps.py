"""Milliseconds since the epoch in, the time as log lines show it out. Called by the formatters and the access log."""

import time
from functools import lru_cache

_THOUSANDTHS = [f",{number:03d}" for number in range(1000)]  # formatting one takes twice as long as all the rest here


class LocalStamp:
    """log4j's ISO8601 in local time, `2026-11-24T03:59:03,432`; the second's text is kept for the lines that follow."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        # One attribute, so that two threads can never pair one second's number with another's text.
        self._last = (-1, "")

    def at(self, milliseconds: int) -> str:
        """The text for `milliseconds` since the epoch."""
        second, rest = divmod(milliseconds, 1000)
        known, text = self._last
        if second != known:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(second))
            self._last = (second, text)
        return text + _THOUSANDTHS[rest]


@lru_cache(maxsize=1)  # several lines share a millisecond where they cost anything
def utc(milliseconds: int) -> str:
    """RFC 3339 in UTC for `milliseconds` since the epoch, `2026-11-24T03:59:03.432Z`; JSON lines use it."""
    second, rest = divmod(milliseconds, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(second))}.{rest:03d}Z"
