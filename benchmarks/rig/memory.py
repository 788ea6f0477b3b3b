"""Memory of a server under test, as proportional set size (PSS): pages that several processes share are counted once.

In: a session id or a pid. Out: bytes, from /proc/PID/smaps_rollup. Called by the benchmarks.
"""

import statistics
import time

from rig.processes import PROC, members

KIB = 1024
SAMPLES = 3
SAMPLE_GAP_S = 0.5


def pss_bytes(pid: int) -> int:
    """The PSS of one process in bytes. Raises OSError where it has ended or belongs to somebody else."""
    for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * KIB
    return 0  # a process that is about to end has a map, but no line any more


def _tree_once(session: int) -> int:
    total = 0
    for process in members(session):
        try:
            total += pss_bytes(process.pid)
        except OSError:
            continue  # it ended while we were reading the others
    return total


def tree_pss_bytes(session: int) -> int:
    """The PSS of a whole server in bytes: a median of three, as TorchServe's metrics script comes and goes."""
    samples = []
    for _ in range(SAMPLES):
        samples.append(_tree_once(session))
        time.sleep(SAMPLE_GAP_S)
    return int(statistics.median(samples))
