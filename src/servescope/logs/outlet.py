"""A thread that writes, so that a terminal or a pipe that takes nothing holds up nobody who logs.

In: calls of `sinks.Console`. Out: the same calls, made by the thread, in their order. Made by `setup`, where standard output is a
terminal, a pipe or a socket. Files are written by whoever logs: with a thread for them too a busy server had 5 % fewer requests.
"""

import os
import stat
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TextIO

LOG_THREAD = "servescope-logs"
MOST_BYTES = 64 * 1024 * 1024
PATIENCE_S = 0.1
LAST_S = 5.0

_Call = tuple[Callable[[], object], int]


def may_be_waited_for(stream: TextIO) -> bool:
    """Whether it takes what is written to it: a file does, or has no room. A terminal, a pipe or a socket may not."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
        return not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stream.isatty())
    except (OSError, ValueError):  # it is closed, or is a file in memory
        return True


class Outlet:
    """For any thread. Its own begins with the first call."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._bytes = 0
        self._lock = threading.RLock()  # what the garbage collector ends in between may have something to say
        self._thread: threading.Thread | None = None
        self._late = False
        self._ending = False
        self._over = False

    def put(self, call: Callable[[], object], size: int) -> bool:
        """Have it made, soon, which writes `size` bytes. False: it is not, as MOST_BYTES wait. After the end it is made at once."""
        if self._over:
            call()
            return True
        with self._lock:
            if size and self._bytes + size > MOST_BYTES:
                return False
            self._bytes += size
            self._calls.put((call, size))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=LOG_THREAD, daemon=True)
                self._thread.start()
        return True

    def settle(self, patience_s: float = PATIENCE_S) -> bool:
        """Wait until all that was put is made. Not for longer, and not again before it is. Whether it is."""
        if self._late:
            return False
        made = threading.Event()
        self.put(made.set, 0)
        if not made.wait(patience_s):
            self._late = True
            self.put(self._caught_up, 0)
        return not self._late

    def close(self) -> bool:
        """End the thread. Whether all is made: what hangs has LAST_S seconds, once."""
        if self._thread is not None and not self._ending:
            self._ending = True
            self._calls.put(None)
            self._thread.join(LAST_S)
        self._over = self._thread is None or not self._thread.is_alive()
        return self._over

    def _caught_up(self) -> None:
        self._late = False

    def _run(self) -> None:
        while (taken := self._calls.get()) is not None:
            call, size = taken
            call()
            if size:
                with self._lock:
                    self._bytes -= size
