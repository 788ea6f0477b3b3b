"""`servescope start --detach` and `servescope llm --detach`: a server in the background, and the moment when it answers.

In: the arguments of `start` or `llm`. Out: an exit status and a line that says where the server listens, or why it died. The
demo starts its server here too. The child says that it is ready through a pipe, and its end is seen through a process
descriptor, so nothing is polled and nothing is guessed from a port.
"""

import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from servescope.cli import runfile
from servescope.errors import ConfigurationError

STDERR_NAME = "servescope_stderr.log"
_TAIL_LINES = 20


def start_detached(
    arguments: Sequence[str], environ: Mapping[str, str], directory: Path, command: str = "start"
) -> int:
    """Start in the background; 0 once the server answers. ConfigurationError with its last words if it dies before.

    `command` is `start`, or `llm`, whose arguments these are then.
    """
    runfile.refuse_second(runfile.location(environ))
    child = launch([word for word in arguments if word != "--detach"], environ, directory, command)
    running = runfile.read(runfile.location(environ))
    print(f"Servescope runs: process {child.pid}")
    if running is not None:
        print(f"  inference   {running.inference}\n  management  {running.management}\n  metrics     {running.metrics}")
        print(f"  logs        {running.logs}\n`servescope status` shows its models, `servescope stop` stops it.")
    return 0


def launch(
    arguments: Sequence[str], environ: Mapping[str, str], directory: Path, command: str = "start"
) -> subprocess.Popen[bytes]:
    """A server in a session of its own, answering. ConfigurationError if it ends before it answers.

    Its standard output goes nowhere (the log files have it all), its standard error to a file beside the logs, so
    that a caller that reads this command's output to its end does not wait for the server's.
    """
    stderr_path = directory / (environ.get("LOG_LOCATION") or "logs") / STDERR_NAME
    child, answered = _spawn([command, *arguments], environ, directory, stderr_path)
    try:
        ready = _await(child, answered)
    except BaseException:
        child.terminate()
        child.wait()
        raise
    finally:
        os.close(answered)
    if not ready:
        raise ConfigurationError(_last_words(child, stderr_path))
    return child


def _spawn(
    arguments: Sequence[str], environ: Mapping[str, str], directory: Path, stderr_path: Path
) -> tuple[subprocess.Popen[bytes], int]:
    answered, says_ready = os.pipe()
    # The descriptor goes first, where no option that takes several values and no `--` can swallow it.
    command, *words = arguments
    program = [sys.executable, "-m", "servescope.cli.main", command, "--ready-fd", str(says_ready), *words]
    try:
        with _error_log(stderr_path) as stderr:
            child = subprocess.Popen(
                program,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                cwd=directory,
                env=dict(environ),
                pass_fds=[says_ready],
                start_new_session=True,
            )
    except (OSError, ConfigurationError) as error:
        os.close(answered)
        raise ConfigurationError(f"the server cannot be started: {error}") from error
    finally:
        os.close(says_ready)
    return child, answered


def _error_log(path: Path) -> BinaryIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")
    except OSError as error:
        raise ConfigurationError(f"the server's error log {path} cannot be used: {error.strerror}") from error


def _await(child: subprocess.Popen[bytes], answered: int) -> bool:
    """Whether the child said that it answers, before it ended."""
    ended = os.pidfd_open(child.pid)
    try:
        select.select([answered, ended], [], [])
        readable, _, _ = select.select([answered], [], [], 0)
        # Readable at the end of the file too, when a dying child closed the pipe without a word.
        return bool(readable) and os.read(answered, 1) == b"1"
    finally:
        os.close(ended)


def _last_words(child: subprocess.Popen[bytes], stderr_path: Path) -> str:
    status = child.wait()
    lines = stderr_path.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()[-_TAIL_LINES:]
    words = "\n".join(line.removeprefix("servescope: ") for line in lines)
    if not words:
        words = f"it said nothing on its standard error; see {stderr_path.parent / 'ts_log.log'}"
    return f"the server ended with status {status} before it answered: {words}"
