"""The end of a command that runs a server: bounded, whoever does not read what it says, and whichever of its threads hangs.

In: what the command does, and its exit status. Out: the same, or the end of the process. Used by the entry points, `main` and
`torchserve.script`.
"""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from servescope.cli.voice import OutputLost


def run_server(command: Callable[[], int], *streams: str) -> int:
    """Run a command that runs a server; its exit status. What it says on these streams waits some seconds at most for somebody who
    reads it (`logs.streams`). So does what is said of an error that nobody expected, which is status 1.
    """
    from servescope.logs.streams.outlets import standing_in

    with standing_in(*streams):
        try:
            return command()
        except OutputLost:
            raise
        except Exception:
            sys.excepthook(*sys.exc_info())
            return 1


def leave(status: int) -> int:
    """The exit status, to be returned; where a thread would hold the process, as Python waits for every one, it ends here."""
    if not all(each.daemon or each is threading.main_thread() for each in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(status)
    return status
