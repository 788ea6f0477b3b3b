"""`servescope start --detach` and `servescope llm --detach`: a server in the background, and the moment when it is ready.

In: the arguments of `start` or `llm`. Out: lines that say where the server listens and what has become of each model, and an exit
status. The demo starts its server here too. Whether models are ready the server itself is asked, by `/readyz`.
"""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from servescope.cli import runfile
from servescope.cli.client.connection import AddressError, NoAnswerError
from servescope.cli.client.endpoints import find_endpoints, open_client
from servescope.cli.client.readiness import read_survey, what_lacks
from servescope.cli.client.trust import UntrustedError
from servescope.cli.start.background import Background
from servescope.cli.start.progress import Progress, hopeless, longest_load_s
from servescope.cli.voice import say
from servescope.config.settings import Settings
from servescope.errors import ServescopeError

POLL_S = 0.2
GRACE_S = 30.0  # what a load may take besides its startup timeout: unpacking, launching
INTERRUPTED = 130
_ASK_S = 5.0  # a server that is busy unpacking may take a moment
_WHAT_NEXT = "`servescope status` shows its models, `servescope stop` stops it."


class NotReadyError(ServescopeError):
    """The server runs, and is not what was asked for."""


def start_detached(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    directory: Path,
    wait_s: float | None = None,
    command: str = "start",
) -> int:
    """Start in the background, and wait until all models are ready, `wait_s` seconds at most; the exit status.

    `wait_s` None: the longest startup timeout, and half a minute; 0: only until it answers. `command` is `start`, or `llm`, whose
    arguments these are then.

    Raises:
        ConfigurationError: it dies; with its last words.
        NotReadyError: a model failed, or is not there in time. The server goes on.
    """
    runfile.refuse_second(runfile.location(environ))
    words = [word for word in arguments if word != "--detach"]
    if wait_s == 0:
        child = launch(words, environ, directory, command)
        _say_where(child.pid, runfile.read(runfile.location(environ)))
        say(_WHAT_NEXT)
        return 0
    with Background([command, *words], environ, directory) as background:
        pid = background.child.pid
        try:
            _wait_until_ready(background, lambda s: _ask(pid, environ, directory, s), wait_s)
        except KeyboardInterrupt:
            say(f"\nThe server {_goes_on(pid)}")
            return INTERRUPTED
    return 0


def launch(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    directory: Path,
    command: str = "start",
    *,
    aloud: bool = False,
) -> "subprocess.Popen[bytes]":
    """A server in a session of its own, answering. ConfigurationError if it ends before it answers. `aloud`: see `Background`."""
    with Background([command, *arguments], environ, directory, aloud=aloud) as background:
        try:
            background.wait_for_answer()
        except BaseException:
            background.child.terminate()
            background.child.wait()
            raise
        return background.child


def _wait_until_ready(
    background: Background, ask: Callable[[float], dict[str, Any] | None], wait_s: float | None
) -> None:
    began = time.monotonic()
    progress = Progress(lambda line: say(f"  {line}"), lambda: time.monotonic() - began)
    pid = background.child.pid
    survey: dict[str, Any] | None = None
    while survey is None or not survey["ready"]:
        left = _limit_s(wait_s, survey) - (time.monotonic() - began)
        if left <= 0 or (survey is not None and hopeless(survey)):
            why = what_lacks(survey) if survey is not None else "the server does not answer yet"
            raise NotReadyError(f"not ready after {time.monotonic() - began:.0f} s: {why}\nThe server {_goes_on(pid)}")
        background.wait(min(POLL_S, left), "answered" if survey is None else "was ready")
        answer = ask(min(_ASK_S, left))
        if answer is not None:
            if survey is None:
                _say_where(pid, answer["where"])
            progress.tell(answer)
            survey = answer
    say(f"Ready after {time.monotonic() - began:.0f} s. {_WHAT_NEXT}")


def _limit_s(wait_s: float | None, survey: Mapping[str, Any] | None) -> float:
    """How many seconds to wait, as far as can be said now."""
    if wait_s is not None:
        return wait_s
    default = float(Settings.default_startup_timeout)
    return GRACE_S + (default if survey is None else longest_load_s(survey, default))


def _ask(pid: int, environ: Mapping[str, str], directory: Path, timeout_s: float) -> dict[str, Any] | None:
    """What the server with this process id says, None while it does not answer; with its run file under `where`."""
    running = runfile.read(runfile.location(environ))
    if running is None or running.pid != pid:
        return None
    endpoints = find_endpoints(environ, directory)
    try:
        with open_client(endpoints.management, None, timeout_s, endpoints.trust(None)) as client:
            survey = read_survey(client)
    except (NoAnswerError, AddressError, UntrustedError):
        return None
    # Where its port is taken, whoever took it may answer until this server gives up.
    return survey | {"where": running} if survey.get("pid") == pid else None


def _say_where(pid: int, running: runfile.RunningServer | None) -> None:
    say(f"Servescope runs: process {pid}")
    if running is not None:
        say(f"  inference   {running.inference}\n  management  {running.management}\n  metrics     {running.metrics}")
        say(f"  logs        {running.logs}")
        if running.snapshot is not None:
            say(
                f"  models      those of the last server ({Path(running.snapshot).name}); --ncs starts with those that you name"
            )


def _goes_on(pid: int) -> str:
    return f"goes on as process {pid}. {_WHAT_NEXT}"
