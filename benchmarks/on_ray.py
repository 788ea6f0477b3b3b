"""Workers on a Ray cluster against workers that are processes here: the same server, the same models, in turns.

    python benchmarks/on_ray.py [--rounds 3] [--seconds 5]

In: an environment with ray and wrk on PATH, where nobody else has ports (make bench-ray). Out: medians, ratios and whether they are
what they must be. Not `ray.py`, which would stand in for ray itself.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from load import Load, VoidRunError, drive, wrk_path
from ratios import Found, Ratio, all_met, medians, table, take_turns
from servers import Kind, running, servescope

BODY_BYTES = 6_000_000
OBJECT_STORE = 200 << 20
# What the way to another machine may cost a request beside the ratio, in milliseconds.
ALLOWED_MS = 0.1
RATIOS = (
    Ratio("rate", "requests/s, c=64", "/s", 0.8, None, more_is_better=True),
    Ratio("p50", f"p50, c=1, of workers on Ray less {ALLOWED_MS:g} ms", "ms", 1.3, None, more_is_better=False),
    Ratio("large", "requests/s, bodies of 6 MB, c=4", "/s", 0.6, None, more_is_better=True),
)
PROCESSES = "processes"


@contextmanager
def cluster() -> Iterator[str]:
    """The address of one with two nodes."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 2, "object_store_memory": OBJECT_STORE}
    made = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        made.add_node(**node)
        yield made.address
    finally:
        made.shutdown()


def measure(kind: Kind, seconds: int) -> Found:
    """Start one server, load it, end it. Raises VoidRunError where a request failed."""
    with running(kind, {"max_request_size": str(2 * BODY_BYTES)}) as server:
        url = server.url("noop")
        drive(Load(url, 64, seconds))  # warm
        rate = drive(Load(url, 64, seconds)).rate
        p50_ms = drive(Load(url, 1, seconds)).p50_ms
        large = drive(Load(url, 4, seconds, BODY_BYTES, "application/octet-stream")).rate
    return {"rate": rate, "p50": p50_ms - (0.0 if kind.name == PROCESSES else ALLOWED_MS), "large": large}


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare workers on a Ray cluster with local ones.")
    parser.add_argument("--rounds", type=int, default=3, help="rounds a kind (3)")
    parser.add_argument("--seconds", type=int, default=5, help="length of each load run (5)")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 all ratios met, 1 missed, 2 void or impossible to run."""
    arguments = _arguments(argv)
    try:
        wrk_path()
        with cluster() as address:
            here = replace(servescope(), name=PROCESSES)
            there = replace(here, name="Ray", settings={"worker_backend": "ray", "ray_address": address})
            found = take_turns((here, there), arguments.rounds, lambda kind: measure(kind, arguments.seconds))
    except (VoidRunError, ImportError, FileNotFoundError, RuntimeError, TimeoutError) as error:
        print(f"VOID: {error}", file=sys.stderr)
        return 2
    local, remote = (medians(found[name]) for name in (PROCESSES, "Ray"))
    print(table(RATIOS, PROCESSES, local, remote, "on Ray"))
    return 0 if all_met(RATIOS, local, remote) else 1


if __name__ == "__main__":
    sys.exit(main())
