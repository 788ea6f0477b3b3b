"""That a worker ends with its front end, whatever its handler is at. Called by `worker.__main__`, first of all.

A worker that waits for a message sees its channel close. One that is in a handler does not, and no thread of its own can run
where C code holds the interpreter's lock: so the kernel is asked to kill it. What the handler has started is ended by the
front end's watcher (`fleet.offspring.watcher`).
"""

import ctypes
import os
import signal
from collections.abc import Mapping

MARKER = "SERVESCOPE_SERVER"  # as in `fleet.offspring.family`: the front end's process id, then its workspace
_PR_SET_PDEATHSIG = 1


def end_with_parent(environ: Mapping[str, str]) -> None:
    """Have this process killed when the thread that launched it ends: the front end's first, which ends with the process.

    Raises:
        SystemExit: the front end is gone already.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    front_end = environ.get(MARKER, "").partition(" ")[0]
    if front_end and os.getppid() != int(front_end):
        raise SystemExit(f"The front end, process {front_end}, is gone")
