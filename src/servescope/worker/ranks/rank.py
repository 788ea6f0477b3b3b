"""One rank of a worker, as torchrun starts it: `python -m servescope.worker.ranks.rank MODE`. See the package.

In: LOCAL_RANK and the like in the environment, by which torch's process groups are made in the handler. Out: as `worker.__main__`;
ranks other than 0 keep what their handlers measure to themselves, and nobody asks them for it.
"""

import mmap
import os
import socket
import sys
from typing import Final

from servescope.wire.blocking import BlockingChannel, ChannelClosed
from servescope.wire.measured.memory import mapped, private
from servescope.wire.messages import Loaded
from servescope.worker.__main__ import prepare_interpreter, serve
from servescope.worker.measuring.probe import Probe
from servescope.worker.parent import end_with_parent
from servescope.worker.ranks.channels import FollowingChannel, LeadingChannel
from servescope.worker.ranks.handover import collect

SPREAD: Final = "spread"  # the mode in which all ranks get all requests


def main() -> int:
    """Serve until told to stop, or left alone."""
    end_with_parent({})  # by its own thread: that it is torchrun's agent who is the parent
    descriptors = collect(os.environ)
    prepare_interpreter()
    if os.environ["LOCAL_RANK"] == "0":
        channel, memory = _lead(descriptors, spread=sys.argv[1] == SPREAD)
    else:
        link = socket.socket(fileno=descriptors[0])
        channel, memory = FollowingChannel(link, int(os.environ["LOCAL_RANK"])), private()
    try:
        return serve(channel, memory, lambda act: os.register_at_fork(after_in_child=act))
    except ChannelClosed:
        return 0


def _lead(descriptors: list[int], *, spread: bool) -> tuple[BlockingChannel, mmap.mmap]:
    """The front end's channel, with the links to the other ranks, and the memory that it reads."""
    connection, probe = (socket.socket(fileno=descriptor) for descriptor in descriptors[:2])
    memory = mapped(descriptors[2])
    os.close(descriptors[2])
    Probe(probe).watch()
    others = [BlockingChannel(socket.socket(fileno=descriptor), Loaded) for descriptor in descriptors[3:]]
    return LeadingChannel(connection, others, spread), memory


if __name__ == "__main__":
    sys.exit(main())
