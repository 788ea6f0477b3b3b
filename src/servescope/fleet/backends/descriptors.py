"""Whether there are file descriptors for a launch. Asked by `process`, as uvloop loses those it has opened
when one is lacking, and by `web.front_ends`.
"""

import errno
import os
import resource
from contextlib import ExitStack

LAUNCH = 16  # the two pairs, those that become the worker's streams, /dev/null, and what the spawn itself takes


def require_descriptors(count: int = LAUNCH) -> None:
    """Raises OSError (EMFILE, ENFILE) where so many cannot be opened."""
    with ExitStack() as opened:
        try:
            for _ in range(count):
                opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            why = f"{os.strerror(error.errno)}: it takes {count}, and this process may have {limit} (ulimit -n)"
            raise OSError(error.errno, why) from error
