"""The threads on which a server does what blocks, and an end that does not wait for those that hang.

A download that trickles, or a file system that has gone away, holds its thread for as long as it likes, and Python waits for
every thread at its end. `runtime` gives the loop these threads; `cli.start` leaves by `leave`.
"""

import logging
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from servescope.logs.outlet import LOG_THREAD

END_S = 5.0

logger = logging.getLogger("servescope.runtime")


class Threads(ThreadPoolExecutor):
    """The loop's executor. Its end waits `END_S` seconds at most for what is under way; what waits for a thread is dropped."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """See `Executor`."""
        super().shutdown(wait=False, cancel_futures=True)
        if not wait:
            return
        end = time.monotonic() + END_S
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        if left := sum(thread.is_alive() for thread in self._threads):
            logger.warning("%d threads are left behind, as what they do does not end", left)


def leave(status: int) -> int:
    """The exit status, to be returned; where a thread would hold the process, it ends here."""
    others = [each for each in threading.enumerate() if each is not threading.main_thread()]
    # It was told to end, and hangs in writing to standard output, which must not be touched then.
    hangs = any(each.name == LOG_THREAD for each in others)
    if hangs or not all(each.daemon for each in others):
        for stream in () if hangs else (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(status)
    return status
