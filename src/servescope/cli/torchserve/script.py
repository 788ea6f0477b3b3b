"""How the console scripts of this room run: a command in, the process's end with its status out. Called by each script's `main`."""

import signal
import sys
from collections.abc import Callable

from servescope.cli.voice import OutputLost, open_standard_streams, say
from servescope.errors import ServescopeError

_INTERRUPTED = 128 + signal.SIGINT


def run_script(command: Callable[[], int]) -> None:
    """Run one of these commands, and end with its status. An error of this project is a line on standard output, and 1."""
    open_standard_streams()
    try:
        try:
            status = command()
        except ServescopeError as error:
            say(error.message)
            status = 1
        except KeyboardInterrupt:
            status = _INTERRUPTED
        sys.stdout.flush()
    except OutputLost as lost:
        status = lost.told()
    sys.exit(status)
