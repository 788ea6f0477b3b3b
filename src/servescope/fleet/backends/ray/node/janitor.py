"""`python -m servescope.fleet.backends.ray.node.janitor PLACE ROOT DIGEST`: cleans up after an actor where the actor cannot.

In: the end of standard input, which is the actor's, however it went. Out: neither its agent's PLACE, nor a process that its worker
has started, nor, unless another actor needs it, the model below ROOT is left. Ray may have killed the agent's own watcher with the
actor. An actor that ends in order has seen to all of it. Started by `actor`; a process that is nobody's
child, as Ray kills those of an actor that it ends.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servescope.fleet.backends.ray.node.archives import remove_unheld
from servescope.fleet.offspring.strays import end_strays

# How long the system may take to end an actor whose input has ended, seconds.
_PATIENCE_S = 5.0
_AGAIN_S = 0.1


@contextmanager
def watched(place: Path, root: Path, digest: str) -> Iterator[None]:
    """Have a janitor see to these files, should this process not come to the end of the block."""
    module = "servescope.fleet.backends.ray.node.janitor"
    words = [sys.executable, "-m", module, str(place), str(root), digest]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as parent:
        parent.wait()  # it has left a child that does the work
        yield


def main(place: Path, root: Path, digest: str) -> None:
    """Wait for the end, and clean up."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    sys.stdin.buffer.read()
    end_strays(place)
    end = time.monotonic() + _PATIENCE_S
    while not remove_unheld(root, digest) and time.monotonic() < end:
        time.sleep(_AGAIN_S)
    shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
