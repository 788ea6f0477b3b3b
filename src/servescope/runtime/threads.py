"""The threads on which a server does what blocks, and an end that does not wait for those that hang.

A download that trickles, or a file system that has gone away, holds its thread for as long as it likes. `runtime` gives the loop
these threads; `cli.leaving` ends a process that has such a one.
"""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

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
