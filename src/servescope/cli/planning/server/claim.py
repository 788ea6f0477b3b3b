"""One plan at a time of a server: in, its address; out, a `Claim`, with what a plan that was killed has left. Called by `live`.

A file in the temporary directory, which the plan that goes on holds locked; the kernel lets go of it however the plan ends. What is
written in it is what the server would have to be given back: a plan that ends by itself empties it, one that is killed cannot.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from servescope.errors import ConfigurationError

_LONGEST = 65536


@dataclass(frozen=True)
class Standing:
    """How a model version stood before the plan. `mode`: the autoscaler's; None: none. `scaled`: the count that the plan gave it
    last; None: none yet.
    """

    model: str
    version: str
    workers: int
    fewest: int
    most: int
    mode: str | None
    scaled: int | None = None

    def __str__(self) -> str:
        scaling = f", autoscale {self.mode}" if self.mode else ""
        return f"minWorkers {self.fewest}, maxWorkers {self.most}, {self.workers} workers{scaling}"


@dataclass(frozen=True)
class Noted:
    """What is to be put back. `copy`: the name of a model to unregister."""

    standing: Standing | None = None
    copy: str | None = None


class Claim:
    """Held by one plan. `left`: what another noted and did not put back."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.left = _parsed(os.pread(descriptor, _LONGEST, 0))

    def note(self, noted: Noted) -> None:
        """Before it is changed."""
        text = json.dumps(asdict(noted)).encode() if noted != Noted() else b""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text, 0)


@contextmanager
def claimed(server: str, directory: Path) -> Iterator[Claim]:
    """`server`: its management address. `directory`: for temporary files.

    Raises:
        ConfigurationError: another plan of it goes on, or the file cannot be used.
    """
    mark = hashlib.sha256(server.encode()).hexdigest()[:16]
    path = directory / f".servescope.plan.{os.geteuid()}.{mark}"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"{path}, which a plan keeps its notes in, cannot be used: {error.strerror}"
        ) from error
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise ConfigurationError(f"{path}, which a plan keeps its notes in, belongs to another user")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield Claim(descriptor)
    except BlockingIOError as error:
        raise ConfigurationError(f"another plan of {server} goes on: they would measure each other") from error
    finally:
        os.close(descriptor)  # and lets go of the lock


def _parsed(text: bytes) -> Noted:
    """Nothing where it is damaged."""
    try:
        told = json.loads(text)
        standing = told["standing"]
        return Noted(None if standing is None else Standing(**standing), told["copy"])
    except (ValueError, KeyError, TypeError):
        return Noted()
