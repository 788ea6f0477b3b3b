"""A server in the background, from its start until it answers: launched in a session of its own, with its last words kept.

In: a command with its words, an environment, a directory. Out: a `Background`, which can be waited for. The child says that it
answers through a pipe, and its end is seen through a descriptor (`fleet.offspring.handle`), so neither is guessed from a port. Used
by `cli.detach`.
"""

import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from servescope.errors import ConfigurationError
from servescope.fleet.offspring.handle import Handle

STDERR_NAME = "servescope_stderr.log"
_TAIL_LINES = 20


class Background:
    """A server that was launched, as a context in which it can be waited for. It goes on after that.

    Its standard output goes nowhere (the log files have it all), its standard error to a file beside the logs, so that a caller
    that reads this command's output to its end does not wait for the server's. With `aloud` its standard output is this
    command's, as TorchServe's is.

    Raises:
        ConfigurationError: it cannot be launched.
    """

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], directory: Path, *, aloud: bool = False
    ) -> None:
        self._stderr = directory / (environ.get("LOG_LOCATION") or "logs") / STDERR_NAME
        self.child, self._answered = _spawn(command, environ, directory, self._stderr, aloud)
        self._process = Handle(self.child.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        os.close(self._answered)
        self._process.close()

    def wait_for_answer(self) -> None:
        """Wait until it answers, and has registered its models. ConfigurationError with its last words if it ends before."""
        select.select([self._answered, self._process.descriptor], [], [])
        readable, _, _ = select.select([self._answered], [], [], 0)
        # Readable at the end of the file too, when a dying child closed the pipe without a word.
        if not readable or os.read(self._answered, 1) != b"1":
            raise ConfigurationError(f"{self._end()} before it answered: {self._last_words()}")

    def wait(self, seconds: float, before: str) -> None:
        """Wait for so long. ConfigurationError with its last words if it ends, `before` something."""
        if self._process.wait(seconds):
            raise ConfigurationError(f"{self._end()} before it {before}: {self._last_words()}")

    def _end(self) -> str:
        return f"the server ended with status {self.child.wait()}"

    def _last_words(self) -> str:
        lines = self._stderr.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()[-_TAIL_LINES:]
        words = "\n".join(line.removeprefix("servescope: ") for line in lines)
        return words or f"it said nothing on its standard error; see {self._stderr.parent / 'ts_log.log'}"


def _spawn(
    command: Sequence[str], environ: Mapping[str, str], directory: Path, stderr_path: Path, aloud: bool
) -> tuple["subprocess.Popen[bytes]", int]:
    answered, says_ready = os.pipe()
    # The descriptor goes first, where no option that takes several values and no `--` can swallow it.
    name, *words = command
    program = [sys.executable, "-m", "servescope.cli.main", name, "--ready-fd", str(says_ready), *words]
    try:
        with _error_log(stderr_path) as stderr:
            child = subprocess.Popen(
                program,
                stdin=subprocess.DEVNULL,
                stdout=None if aloud else subprocess.DEVNULL,
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
