"""`python -m servescope.web.front_ends.child CHANNEL_FD DEALT_FD WRITTEN_FD SHELF_FD`: a front end's process.

It ends when its owner says so, or is gone.

Signals that end or reload a server are the owner's to hear, who tells; a supervisor sends them to all processes.
"""

import os
import signal
import socket
import sys

import uvloop

from servescope.web.front_ends.child.dealt import Dealt
from servescope.web.front_ends.child.lending import Lending
from servescope.web.front_ends.child.serving import serve
from servescope.web.front_ends.written import Written

IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Serve."""
    os.setpgid(0, 0)  # which the owner's watcher ends
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    channel, dealt, written, shelf = map(int, sys.argv[1:])
    counted = Written(written)
    os.close(written)
    bodies = Lending(socket.socket(fileno=shelf))
    uvloop.run(serve(socket.socket(fileno=channel), Dealt(fileno=dealt), counted, bodies))


if __name__ == "__main__":
    main()
