"""`python -m servescope.fleet.agent PLACE`: an agent as a process, with its errand in msgpack on standard input.

For whoever can start a program on another machine. PLACE: a directory of this machine for the agent's own use.
"""

import asyncio
import os
import sys
from pathlib import Path

import msgspec

from servescope.fleet.agent.run import run
from servescope.wire.agent import Errand


def main() -> int:
    """Do the errand that standard input has."""
    why = asyncio.run(run(msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Errand), os.environ, Path(sys.argv[1])))
    if why:
        print(why, file=sys.stderr)
    return 1 if why else 0


if __name__ == "__main__":
    sys.exit(main())
