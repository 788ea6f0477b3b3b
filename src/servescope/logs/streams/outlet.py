"""A thread that writes, so that a terminal or a pipe that takes nothing holds up nobody who has something to say.

In: bytes, and where each are to go. Out: the same, sent by the thread in their order. Made by `outlets`, for a terminal, a pipe or
a socket. Files are written by whoever logs: with a thread for them too a busy server had 5 % fewer requests.
"""

import math
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import Protocol

LOG_THREAD = "servescope-logs"
MOST_BYTES = 64 * 1024 * 1024
ENTRY_BYTES = 128  # that an entry takes in memory beside its text
PATIENCE_S = 0.1
LAST_S = 5.0


class Sink(Protocol):
    """Where bytes go."""

    def send(self, data: bytes) -> None:
        """Write them, however long that takes. Never raises."""


class Outlet:
    """For any thread. Its own begins with the first that is put, and ends with the process."""

    def __init__(self) -> None:
        self._entries: SimpleQueue[tuple[Sink, bytes]] = SimpleQueue()
        self._lock = threading.RLock()  # what the garbage collector ends in between may have something to say
        self._progress = threading.Condition(self._lock)
        self._waiting = 0
        self._put = 0
        self._sent = 0
        self._thread: threading.Thread | None = None
        self._in_vain_s = 0.0
        self._in_vain_for = 0
        self._ended = False

    def put(self, sink: Sink, data: bytes) -> bool:
        """Have it sent, soon. False: it is not, as MOST_BYTES would wait then. After the end this waits for it, as `end` does."""
        size = len(data) + ENTRY_BYTES
        with self._lock:
            ahead = self._put - self._sent
            if ahead and ahead + size > MOST_BYTES:
                return False
            self._put += size
            self._entries.put((sink, data))
            if self._thread is None:
                self._begin()
        if self._ended:
            self.end()
        return True

    def settle(self, patience_s: float = PATIENCE_S) -> bool:
        """Wait until all that was put is sent. Not for longer, and where that was in vain not again before it is. Whether it is."""
        with self._lock:
            put = self._put
            if self._sent >= put:
                return True
            if patience_s <= self._in_vain_s:
                return False
            self._waiting += 1
            settled = self._progress.wait_for(lambda: self._sent >= put, patience_s)
            self._waiting -= 1
            if settled:
                return True
            self._in_vain_s, self._in_vain_for = patience_s, put
            return False

    def end(self, patience_s: float = LAST_S) -> bool:
        """Wait as `settle` does, and let whoever puts something after this wait as well; nobody any more once it is in vain."""
        self._ended = True
        settled = self.settle(patience_s)
        if not settled:
            self._in_vain_s = math.inf
        return settled

    def _begin(self) -> None:
        thread = threading.Thread(target=self._run, name=LOG_THREAD, daemon=True)
        with suppress(RuntimeError):  # there is no room for a thread: the next that is put tries again
            thread.start()
            self._thread = thread

    def _run(self) -> None:
        while True:
            sink, data = self._entries.get()
            sink.send(data)
            with self._lock:
                self._sent += len(data) + ENTRY_BYTES
                if self._sent >= self._in_vain_for:
                    self._in_vain_s = 0.0
                if self._waiting:
                    self._progress.notify_all()
