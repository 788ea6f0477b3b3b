"""How the console scripts of this room run: a command in, the process's end with its status out. Called by each script's `main`."""

import signal
import sys
from collections.abc import Callable

from servescope.cli.leaving import leave, run_server
from servescope.cli.voice import OutputLost, open_standard_streams, say
from servescope.errors import ServescopeError

_INTERRUPTED = 128 + signal.SIGINT


def run_script(command: Callable[[], int], *, is_server: bool = False) -> None:
    """Run one of these commands, and end with its status. An error of this project is a line on standard output, and 1.

    `is_server`: whether it runs a server in this process.
    """
    open_standard_streams()
    try:
        status = run_server(lambda: _status(command), "stdout", "stderr") if is_server else _status(command)
        sys.stdout.flush()
    except OutputLost as lost:
        status = lost.told()
    sys.exit(leave(status) if is_server else status)


def _status(command: Callable[[], int]) -> int:
    try:
        return command()
    except ServescopeError as error:
        say(error.message)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
