"""Large request bodies, Servescope against TorchServe, or with front ends beside one process: rate, and processor time a request.

    python benchmarks/large_body.py [--torchserve-env DIR] [--front-ends N] [--megabytes 6] [--rounds 3] [--json FILE] [--baseline]

In: a Python environment with torchserve 0.12.0 (Java 17 and wrk on PATH), where that is to be measured. Out: medians over
rounds in which the servers take turns: requests/s over four connections, and processor seconds of the whole server (front ends
and workers) a request, which is where needless copies show, and of its own process alone. Run by hand; docs/performance.md holds
results.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rig.load import Load, VoidRunError, drive, wrk_path
from rig.memory import tree_pss_bytes
from rig.processes import cpu_seconds, front_end, process_cpu_seconds
from rig.servers import Kind, running, servescope, torchserve

MB = 1_000_000
CONNECTIONS = 4
# Twice the body, since both servers compare the limit with what they have buffered.
LIMIT_FACTOR = 2


@dataclass(frozen=True)
class Findings:
    """One server's round: `rate` in requests/s, processor time a request in ms, of all and of the server's own process, PSS of the
    whole server in MB.
    """

    rate: float
    cpu_ms: float
    own_ms: float
    memory_mb: float


def measure(kind: Kind, body_bytes: int, seconds: int) -> Findings:
    """Start one server with a raised max_request_size, load it with bodies of `body_bytes`, end it.

    Raises VoidRunError where a request failed.
    """
    with running(kind, {"max_request_size": str(body_bytes * LIMIT_FACTOR)}) as server:
        load = Load(server.url("noop"), CONNECTIONS, seconds, body_bytes, "application/octet-stream")
        drive(load)
        owner = front_end(server.session)
        before, own_before = cpu_seconds(server.session), process_cpu_seconds(owner)
        found = drive(load)
        used, own = cpu_seconds(server.session) - before, process_cpu_seconds(owner) - own_before
        memory_mb = tree_pss_bytes(server.session) / MB
        return Findings(found.rate, used / found.requests * 1000, own / found.requests * 1000, memory_mb)


def median(rounds: Sequence[Findings]) -> Findings:
    """The median of each measurement."""
    return Findings(
        statistics.median(one.rate for one in rounds),
        statistics.median(one.cpu_ms for one in rounds),
        statistics.median(one.own_ms for one in rounds),
        statistics.median(one.memory_mb for one in rounds),
    )


def table(summary: dict[str, Findings], body_bytes: int) -> str:
    """A Markdown table, one row a server."""
    lines = [
        f"| {body_bytes / MB:g} MB bodies, c={CONNECTIONS} | requests/s | CPU ms a request | its own process's | PSS MB |",
        "|---|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {name} | {one.rate:.1f} | {one.cpu_ms:.1f} | {one.own_ms:.1f} | {one.memory_mb:.0f} |"
        for name, one in summary.items()
    ]
    return "\n".join(lines)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare how Servescope and TorchServe take large bodies.")
    parser.add_argument(
        "--torchserve-env", type=Path, help="environment with bin/torchserve (0.12.0); none: without it"
    )
    parser.add_argument(
        "--front-ends", type=int, default=1, metavar="N", help="measure with so many front ends as well (1)"
    )
    parser.add_argument("--megabytes", type=float, default=6.0, help="size of a body in 10^6 bytes (6)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds a server (3)")
    parser.add_argument("--seconds", type=int, default=5, help="length of each load run (5), and of its warm-up")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round there")
    parser.add_argument("--baseline", action="store_true", help="measure TorchServe alone")
    return parser.parse_args(argv)


def kinds_of(arguments: argparse.Namespace) -> list[Kind]:
    """The servers that take turns. Raises FileNotFoundError where one is not installed."""
    kinds = [torchserve(arguments.torchserve_env)] if arguments.torchserve_env else []
    if not arguments.baseline:
        kinds.append(servescope())
    if arguments.front_ends > 1:
        name = f"Servescope, {arguments.front_ends} front ends"
        settings = {"front_ends": str(arguments.front_ends)}
        kinds.append(replace(servescope(), name=name, settings=settings))
    return kinds


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 measured, 2 void or impossible to run."""
    arguments = _arguments(argv)
    body_bytes = int(arguments.megabytes * MB)
    try:
        wrk_path()
        kinds = kinds_of(arguments)
        rounds: dict[str, list[Findings]] = {kind.name: [] for kind in kinds}
        for _ in range(arguments.rounds):
            for kind in kinds:
                rounds[kind.name].append(measure(kind, body_bytes, arguments.seconds))
                print(kind.name, rounds[kind.name][-1], file=sys.stderr, flush=True)
    except (VoidRunError, FileNotFoundError, RuntimeError, TimeoutError) as error:
        print(f"VOID: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        plain = {name: [asdict(one) for one in found] for name, found in rounds.items()}
        arguments.json.write_text(json.dumps({"body_bytes": body_bytes, "rounds": plain}, indent=2) + "\n")
    print(table({name: median(found) for name, found in rounds.items()}, body_bytes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
