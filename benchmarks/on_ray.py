"""Workers on a Ray cluster against workers that are processes here, and against Ray Serve on the same cluster: in turns.

    python benchmarks/on_ray.py [--rounds 3] [--seconds 5]

In: an environment with ray[serve] and wrk on PATH, where nobody else has ports (make bench-ray). Out: medians, ratios and whether
they are what they must be. Not `ray.py`, which would stand in for ray itself.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rig.load import Load, VoidRunError, drive, wrk_path
from rig.ratios import Found, Ratio, all_met, medians, table, take_turns
from rig.servers import Kind, free_ports, running, servescope

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
# Against Ray Serve itself, with the same no-op behind its HTTP proxy.
AGAINST_SERVE = (
    Ratio("rate", "requests/s, c=64", "/s", 15, None, more_is_better=True),
    Ratio("p50", "p50, c=1", "ms", 0.15, None, more_is_better=False),
)
SERVE = "Ray Serve"


@contextmanager
def cluster(num_cpus: int = 2) -> Iterator[str]:
    """The address of one with two nodes of so many processors, as Ray counts.

    Its workers run with the niceness of local ones. Ray's own is 15, for the sake of its daemons: on one machine with the load and
    the front end, as here, it would be measured what these leave to workers, and not what the way there costs.
    """
    os.environ.setdefault("RAY_worker_niceness", "0")  # read by the nodes
    from ray.cluster_utils import Cluster

    node = {"num_cpus": num_cpus, "object_store_memory": OBJECT_STORE}
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
    return {"rate": rate, "p50": p50_ms, "large": large}


def ray_serve(address: str) -> Kind:
    """Ray Serve on this cluster, by rig/serve_models.py."""

    def configured(_room: Path, _settings: Mapping[str, str]) -> tuple[int, list[str]]:
        (port,) = free_ports(1)
        return port, [address, str(port)]

    program = Path(__file__).parent / "rig" / "serve_models.py"
    return Kind(SERVE, (sys.executable, str(program)), {}, configured=configured, path="")


def less_allowed(found: Found) -> Found:
    """Without what the way to another machine may cost beside the ratio."""
    return {**found, "p50": found["p50"] - ALLOWED_MS}


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Compare workers on a Ray cluster with local ones, and with Ray Serve."
    )
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
            kinds = (here, there, ray_serve(address))
            found = take_turns(kinds, arguments.rounds, lambda kind: measure(kind, arguments.seconds))
    except (VoidRunError, ImportError, FileNotFoundError, RuntimeError, TimeoutError) as error:
        print(f"VOID: {error}", file=sys.stderr)
        return 2
    local, remote, serve = (medians(found[name]) for name in (PROCESSES, "Ray", SERVE))
    print(table(RATIOS, PROCESSES, local, less_allowed(remote), "on Ray"))
    print()
    print(table(AGAINST_SERVE, SERVE, serve, remote, "on Ray"))
    met = all_met(RATIOS, local, less_allowed(remote)), all_met(AGAINST_SERVE, serve, remote)
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
