"""A hold on a process: its id in, a descriptor out that can be read once it has ended, and a kill that no other process can get.

It is Linux's own process descriptor; where the kernel has none (before 5.3, in some sandboxes, under valgrind), a thread looks, and
the moment of the process's start tells it from another with its id. Used by `offspring` and by `cli`, which wait for servers.
"""

import errno
import os
import select
import signal
import threading
from types import TracebackType
from typing import Self

LOOK_MS = 50
_UNKNOWN = (errno.ENOSYS, errno.EPERM)  # the latter by sandboxes that do not know the call


class Handle:
    """As a context, it is closed at the end. `descriptor`: a zombie has ended as well.

    Raises:
        ProcessLookupError: there is no such process.
        OSError: there are no descriptors left.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._began = started_at(pid)
        try:
            self.descriptor = os.pidfd_open(pid)
            self._own = True
        except OSError as error:
            if error.errno not in _UNKNOWN:
                raise
            self.descriptor = self._looked_at()
            self._own = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.close()

    def wait(self, seconds: float) -> bool:
        """Whether it ends within so long."""
        poll = select.poll()
        poll.register(self.descriptor, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def kill(self) -> None:
        """End it with SIGKILL. Raises OSError: it has ended, or is another user's."""
        if self._own:
            signal.pidfd_send_signal(self.descriptor, signal.SIGKILL)
        elif started_at(self._pid) == self._began:
            os.kill(self._pid, signal.SIGKILL)
        else:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))

    def close(self) -> None:
        """Hold it no longer."""
        os.close(self.descriptor)

    def _looked_at(self) -> int:
        """A pipe that a thread closes when the process has ended."""
        if not self._began:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        reader, writer = os.pipe()
        threading.Thread(target=self._look, args=(writer,), name=f"process-{self._pid}", daemon=True).start()
        return reader

    def _look(self, writer: int) -> None:
        poll = select.poll()
        poll.register(writer, 0)  # it hears when nobody reads any more
        while not poll.poll(LOOK_MS) and _lives(self._pid, self._began):
            pass
        os.close(writer)


def _lives(pid: int, began: int) -> bool:
    """Whether the process that began then has not ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            state = stat.read().rpartition(b")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in (b"Z", b"X") and started_at(pid) == began


def started_at(pid: int) -> int:
    """When a process began, in clock ticks since the system's start; 0 where there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            # The name stands in parentheses and may hold any character; the field is the twentieth after it.
            return int(stat.read().rpartition(b")")[2].split()[19])
    except (OSError, IndexError):
        return 0
