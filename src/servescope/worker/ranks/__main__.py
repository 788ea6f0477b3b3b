"""The agent of a worker's ranks: `python -m servescope.worker.ranks FD PROBE_FD MEMORY_FD COUNT MODE [torchrun's options]`.

It is torchrun in this process: it starts the ranks, and when one ends by itself it ends them all and itself, so that the front end
starts the whole worker again (torchrun's own restarts would know nothing of a model that has to be loaded).
"""

import os
import sys
import threading
from collections.abc import Sequence

from servescope.worker.__main__ import lead_group
from servescope.worker.parent import end_with_parent
from servescope.worker.ranks.handover import PLACE, Handover


def main(arguments: Sequence[str]) -> int:
    """Until all ranks have ended; the exit status."""
    lead_group()
    end_with_parent(os.environ)
    descriptors, count, mode = [int(word) for word in arguments[:3]], int(arguments[3]), arguments[4]
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    handover = Handover(descriptors, count)
    os.environ[PLACE] = handover.place
    threading.Thread(target=handover.run, daemon=True).start()
    return _run([*arguments[5:], "-m", "servescope.worker.ranks.rank", mode])


def _run(arguments: Sequence[str]) -> int:
    try:
        from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
        from torch.distributed.run import main as torchrun
    except ImportError as error:
        print(f"parallelType needs torchrun, which PyTorch has: {error}", file=sys.stderr)
        return 1
    try:
        torchrun(list(arguments))
    except ChildFailedError as error:
        first = error.get_first_failure()[1]
        print(f"Rank {first.local_rank} ended with status {first.exitcode}: all are ended", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
