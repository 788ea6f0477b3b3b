"""How long a server stood in line for a processor: in, its process; out, seconds so far. Linux only.

On a machine that does much else, a client reads tokens long after the server wrote them, in heaps; its clock then says
nothing about the server's. Tests of moments repeat a load for which that was so.
"""

from pathlib import Path


def waited_s(pid: int) -> float:
    """Seconds that the process's first thread, which runs its event loop, could have run and did not."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
