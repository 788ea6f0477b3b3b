"""`servescope stop`: ends the server that the run file names.

In: the environment (where the run file is). Out: lines for a person and the exit status. It sends SIGTERM, on which
the server finishes what is in flight, and waits; like `torchserve --stop` it deletes the server's `key_file.json`
(contract, section B).
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import psutil
import typer

from servescope.cli import runfile
from servescope.cli.help.typed import examples
from servescope.cli.options import whole

WAIT_S = 60


@examples("servescope stop", "servescope stop --timeout 300")
def stop_command(
    timeout: Annotated[
        int,
        typer.Option(
            "--timeout", help="Seconds to wait for what is in flight to finish.", parser=whole(0), metavar="N"
        ),
    ] = WAIT_S,
) -> None:
    """Stop the server once what is in flight is answered, and delete its key file."""
    raise typer.Exit(stop(os.environ, typer.echo, timeout))


def stop(environ: Mapping[str, str], say: Callable[[str], None], wait_s: float = WAIT_S) -> int:
    """0 when no server is left running, 1 when it did not end within `wait_s` seconds or may not be ended."""
    path = runfile.location(environ)
    server = runfile.read(path)
    if server is None:
        say(f"Servescope is not running (nothing in {path}).")
        return 0
    try:
        process = psutil.Process(server.pid)
        process.terminate()
        process.wait(wait_s)
    except psutil.NoSuchProcess:
        pass
    except psutil.AccessDenied:
        say(f"Process {server.pid} belongs to another user; it was not stopped.")
        return 1
    except psutil.TimeoutExpired:
        say(f"Servescope did not end within {wait_s:g} s: {_why(server)}")
        return 1
    with suppress(FileNotFoundError):
        (Path(server.directory) / "key_file.json").unlink()
    say(f"Servescope has stopped (process {server.pid}).")
    return 0


def _why(server: runfile.RunningServer) -> str:
    """What still holds the server, as far as it can be seen from outside."""
    try:
        process = psutil.Process(server.pid)
        workers = process.children()
        state = process.status()
    except psutil.Error:
        return f"process {server.pid} could not be looked at."
    if workers:
        pids = ", ".join(str(worker.pid) for worker in workers)
        held = f"it waits for {len(workers)} worker process(es), {pids}, that still have requests in hand"
    else:
        held = f"no worker process is left, the server itself is {state}"
    return f"{held}. See {server.logs}; a second `kill {server.pid}` ends it without waiting."
