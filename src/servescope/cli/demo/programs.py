"""Programs that the demo starts beside its server: where they are, and that they end with it.

In: a search path, command lines, a log file. Out: processes for as long as a block lasts. Used by `demo_alerts`.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from servescope.cli.demo.digits import DemoError

_START_S = 30.0
_END_S = 10.0
_POLL_S = 0.1
_TAIL_LINES = 10
# Debian's name first, then the name that Alertmanager's own releases have.
_ALERTMANAGER_NAMES = ("prometheus-alertmanager", "alertmanager")


@dataclass(frozen=True)
class Programs:
    """Paths of the two programs."""

    prometheus: str
    alertmanager: str


def find_programs(search_path: str | None) -> Programs | str:
    """The two programs, as `PATH` has them; else what is missing, in words."""
    prometheus = shutil.which("prometheus", path=search_path)
    found = (shutil.which(name, path=search_path) for name in _ALERTMANAGER_NAMES)
    alertmanager = next((path for path in found if path), None)
    if prometheus and alertmanager:
        return Programs(prometheus, alertmanager)
    missing = [] if prometheus else ["prometheus"]
    if not alertmanager:
        missing.append(" or ".join(_ALERTMANAGER_NAMES))
    return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed"


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 on which nobody listens, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def program(command: Sequence[str], log: Path, ready_url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program that answers at `ready_url`; it is ended with the block, by force if need be.

    Raises DemoError with its last words if it does not start, ends, or does not answer within 30 s.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        # In a session of its own: Ctrl-C is for the demo, which ends its programs in its own order.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _await(process, Path(command[0]).name, log, ready_url)
        yield process
    finally:
        _end(process)


def _await(process: subprocess.Popen[bytes], name: str, log: Path, url: str) -> None:
    import httpx

    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise DemoError(f"{name} ended with status {process.returncode}; {_last_words(log)}")
        try:
            if httpx.get(url, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass  # it does not listen yet
        time.sleep(_POLL_S)
    raise DemoError(f"{name} does not answer at {url} after {_START_S:g} s; {_last_words(log)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        pass  # it is killed
    finally:
        # At a second Ctrl-C too.
        if process.poll() is None:
            process.kill()
            process.wait()


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()[-_TAIL_LINES:]
    return "\n".join([f"the end of {log}:", *lines])
