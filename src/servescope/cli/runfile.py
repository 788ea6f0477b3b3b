"""The run file: which server is running, and where it listens.

In: the process's id and its addresses, at the start. Out: a `RunningServer` for whoever needs the server: `stop`,
`status`, `models`, `start --detach`. The file stands in the temporary directory, as TorchServe's `.model_server.pid`
does (contract, section D), under a name of its own; its first line is the process id, the second the facts as JSON.
"""

import json
import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from servescope.config.temporary import temporary_directory
from servescope.errors import ConfigurationError

NAME = ".servescope.pid"


class RunningServer(Struct, frozen=True):
    """What a run file says. Addresses are URLs; `started_s` is the process's start in seconds since the epoch. `snapshot`: the file
    that its models and settings were taken from, None where that was none.
    """

    pid: int
    started_s: float
    directory: str
    inference: str
    management: str
    metrics: str
    logs: str
    certificate: str | None = None
    snapshot: str | None = None

    def alive(self) -> bool:
        """Whether that very process still runs: the same id, started at the same moment, and no zombie."""
        import psutil  # where there is such a file: nearly no start finds one

        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started_s) < 1.0
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True


def location(environ: Mapping[str, str]) -> Path:
    """Where the run file stands: `$TEMP` as in TorchServe, else the system's temporary directory.

    Raises:
        ConfigurationError: there is no such directory.
    """
    return temporary_directory(environ) / NAME


def read(path: Path) -> RunningServer | None:
    """The server that the file names, if it is alive; None for no file, a damaged one, or one whose process is gone.

    Raises:
        ConfigurationError: the file cannot be read, as it is another user's for one.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        server = RunningServer(**json.loads(lines[1]))
    except (FileNotFoundError, IndexError, ValueError, TypeError):
        return None
    except OSError as error:
        raise ConfigurationError(f"the run file {path} cannot be read: {_why(path, error)}") from error
    return server if server.alive() else None


def refuse_second(path: Path) -> None:
    """ConfigurationError when the file names a server that is alive."""
    running = read(path)
    if running is not None:
        raise ConfigurationError(
            f"Servescope is already running: process {running.pid}, management at {running.management} ({path}). "
            f"Stop it with `servescope stop`, or set TEMP to another directory for a second server."
        )


def _why(path: Path, error: OSError) -> str:
    """The reason, and what helps where somebody else is it: one temporary directory is everybody's."""
    if not isinstance(error, PermissionError):
        return str(error.strerror)
    owner = path.stat().st_uid if path.exists() else os.geteuid()
    whose = "" if owner == os.geteuid() else f"it belongs to another user ({_name_of(owner)}); "
    return f"{whose}{error.strerror}. Set TEMP to a directory of your own, for all commands of this server"


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


@contextmanager
def held(path: Path, server: RunningServer) -> Iterator[None]:
    """The run file, for as long as the server runs. ConfigurationError if another server holds it or it cannot be
    written.
    """
    refuse_second(path)
    text = f"{server.pid}\n{json.dumps(asdict(server))}\n"
    try:
        with suppress(FileNotFoundError):
            path.unlink()
        # Exclusive, so that of two servers started at once only one wins; never through a link planted in a shared
        # directory.
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigurationError(f"another server is being started with the run file {path}") from error
    except OSError as error:
        raise ConfigurationError(f"the run file {path} cannot be written: {_why(path, error)}") from error
    try:
        yield
    finally:
        with suppress(OSError):
            if path.read_text(encoding="utf-8") == text:
                path.unlink()
