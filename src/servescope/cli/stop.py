"""`servescope stop`: ends the server that the run file names.

In: the environment (where the run file is). Out: lines for a person and the exit status. It sends SIGTERM, on which
the server finishes what is in flight, says what that is, and waits; like `torchserve --stop` it deletes the server's
`key_file.json` (contract, section B). `--now` sends SIGINT until the server is gone, which ends what is in flight.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import psutil
import typer

from servescope.cli import runfile
from servescope.cli.help.typed import examples
from servescope.cli.options import whole
from servescope.cli.voice import say
from servescope.config.bounds import MAX_DRAIN_S
from servescope.fleet.offspring.handle import Handle

WAIT_S = 60
HURRY_S = 15
LOOK_S = 1.0
_AGAIN_S = 0.3  # the second SIGINT hurries; two at once may arrive as one

Tell = Callable[[str], None]


@dataclass(frozen=True)
class StopWords:
    """What a stop comes to, in words: `path` is the run file, `why` what holds the server. "" says nothing."""

    not_running: str = "Servescope is not running (nothing in {path})."
    stopped: str = "Servescope has stopped (process {pid})."
    late: str = "Servescope did not end within {wait_s:g} s: {why}"


@examples("servescope stop", "servescope stop --timeout 300", "servescope stop --now")
def stop_command(
    timeout: Annotated[
        int,
        typer.Option(
            "--timeout",
            help="Seconds to wait for what is in flight to finish.",
            parser=whole(0, MAX_DRAIN_S),
            metavar="N",
        ),
    ] = WAIT_S,
    now: Annotated[bool, typer.Option("--now", help="Do not wait: end what is in flight.")] = False,
) -> None:
    """Stop the server once what is in flight is answered, and delete its key file."""
    raise typer.Exit(stop(os.environ, say, timeout, now=now))


def stop(
    environ: Mapping[str, str],
    tell: Tell,
    wait_s: float = WAIT_S,
    *,
    now: bool = False,
    words: StopWords = StopWords(),
) -> int:
    """0 when no server is left running, 1 when it did not end within `wait_s` seconds or may not be ended.

    `now`: end what is in flight, and the server itself where it has not reacted in `HURRY_S` seconds.
    """
    path = runfile.location(environ)
    server = runfile.read(path)
    if server is None:
        tell(words.not_running.format(path=path))
        return 0
    try:
        process = psutil.Process(server.pid)
        ended = _end_now(process, tell) if now else _end(process, server, tell, wait_s)
    except psutil.NoSuchProcess:
        ended = True
    except psutil.AccessDenied:
        tell(f"Process {server.pid} belongs to another user; it was not stopped.")
        return 1
    if not ended:
        tell(words.late.format(wait_s=wait_s, why=_why(server)))
        return 1
    with suppress(FileNotFoundError):
        (Path(server.directory) / "key_file.json").unlink()
    if words.stopped:
        tell(words.stopped.format(pid=server.pid))
    return 0


def _end(process: psutil.Process, server: runfile.RunningServer, tell: Tell, wait_s: float) -> bool:
    """Whether it has ended in time; meanwhile what it waits for, when that changes."""
    process.terminate()
    end = time.monotonic() + wait_s
    said = ""
    while not _ended(process, min(LOOK_S, max(0.0, end - time.monotonic()))):
        if time.monotonic() >= end:
            return False
        if (waits := _waits(process, server)) != said:
            said = waits
            tell(waits)
    return True


def _end_now(process: psutil.Process, tell: Tell) -> bool:
    end = time.monotonic() + HURRY_S
    if (halted := _halted(process)) is not None:
        tell(f"Process {process.pid} {halted}; if nobody lets it go on, it is killed in {HURRY_S} s …")
    while time.monotonic() < end:
        process.send_signal(signal.SIGINT)
        if _ended(process, _AGAIN_S):
            return True
    tell(f"Process {process.pid} has not reacted in {HURRY_S} s and is killed; its workers end with it.")
    process.kill()
    return _ended(process, HURRY_S)


def _ended(process: psutil.Process, wait_s: float) -> bool:
    """Whether it ends within `wait_s` seconds; a zombie, which only waits for whoever started it, has."""
    try:
        held = Handle(process.pid)
    except ProcessLookupError:
        return True
    with held:
        return held.wait(wait_s)


def _waits(process: psutil.Process, server: runfile.RunningServer) -> str:
    """What the server says that it has in flight, or that it can say nothing."""
    from servescope.cli.client.drain import in_flight

    if (halted := _halted(process)) is not None:
        return f"Process {process.pid} {halted}, and cannot end: `kill -CONT {process.pid}` lets it go on …"
    found = in_flight(server.metrics, server.certificate)
    if found is None:
        return "Waiting for the server to end …"
    if not found:
        return "Waiting for the workers to stop …"
    return f"Waiting for what is in flight: {found}; `servescope stop --now` ends it …"


def _why(server: runfile.RunningServer) -> str:
    """What still holds the server, as far as it can be seen from outside."""
    try:
        process = psutil.Process(server.pid)
        workers = [child for child in process.children() if "servescope.worker" in child.cmdline()]
        halted, state = _halted(process), process.status()
        names = ", ".join(f"{one.pid} ({one.status()})" if _halted(one) else str(one.pid) for one in workers)
    except psutil.Error:
        return f"process {server.pid} could not be looked at."
    if halted is not None:
        held = f"process {server.pid} {halted}; `kill -CONT {server.pid}` lets it go on"
    elif workers:
        held = f"it waits for {len(workers)} worker process(es), {names}, that have not ended"
    else:
        held = f"no worker process is left, the server itself is {state}"
    return f"{held}. See {server.logs}; `servescope stop --now` ends it without waiting."


def _halted(process: psutil.Process) -> str | None:
    """Why a process can do nothing, not even end; None where it can."""
    match process.status():
        case psutil.STATUS_STOPPED:
            return "is stopped (by SIGSTOP or Ctrl-Z)"
        case psutil.STATUS_TRACING_STOP:
            return "is stopped by a debugger"
    return None
