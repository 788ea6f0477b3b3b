"""gRPC: Servescope against TorchServe on the same no-op archive, and against a grpc.aio server that does nothing at all.

    python benchmarks/over_grpc.py --torchserve-env DIR [--quick] [--rounds N] [--json FILE]

In: a Python environment with torchserve 0.12.0 (Java 17 and h2load on PATH); this one has grpcio. Out: two tables of medians and
ratios beside the targets; the exit status is 1 where a ratio misses its `at least`. The servers take turns, as in
versus_torchserve.py. Run by hand; docs/performance.md holds results.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rig.comparison import add_options, compared
from rig.grpc_load import GrpcLoad, drive_grpc, h2load_path
from rig.load import VoidRunError
from rig.processes import cpu_seconds, end
from rig.ratios import Found, Ratio, all_met, table
from rig.servers import Kind, free_ports, running, servescope, torchserve

ECHO = "grpc.aio"
VERSUS_TORCHSERVE = (
    Ratio("rate", "requests/s, c=64", "1/s", 1.2, None, True),
    Ratio("p50", "p50 at c=1", "ms", 0.6, None, False),
)
VERSUS_ECHO = (Ratio("rate", "requests/s, c=64", "1/s", 0.6, None, True),)


@dataclass(frozen=True)
class Plan:
    """Rounds a server, seconds of a load run, and of the warm-up after the start, which TorchServe's JVM needs."""

    rounds: int
    seconds: int
    warm_up_s: int


FULL = Plan(rounds=5, seconds=8, warm_up_s=30)
QUICK = Plan(rounds=2, seconds=3, warm_up_s=8)


@contextmanager
def serving(kind: Kind) -> Iterator[tuple[int, int]]:
    """A server of this kind, or the bare one, for a while: its gRPC port, and the session of its processes."""
    (port,) = free_ports(1)
    if kind.name != ECHO:
        with running(kind, {"grpc_inference_port": str(port)}) as server:
            yield port, server.session
        return
    process = subprocess.Popen([*kind.command, str(port)], start_new_session=True)
    try:
        yield port, process.pid
    finally:
        end(process.pid)
        process.wait(timeout=5)


def measure(kind: Kind, plan: Plan) -> Found:
    """One round. `cpu_ms`: processor milliseconds of the server's processes a request at c=64.

    Raises VoidRunError where a call failed, and whatever servers.running raises.
    """
    with serving(kind) as (port, session):
        _wait_for_answer(port)
        drive_grpc(GrpcLoad(port, 64, 1 if kind.name == ECHO else plan.warm_up_s))
        before = cpu_seconds(session)
        many = drive_grpc(GrpcLoad(port, 64, plan.seconds))
        # The load's own warm-up of a second is in the processor's time, and not in the count.
        share = plan.seconds / (plan.seconds + 1)
        cpu_ms = (cpu_seconds(session) - before) * share / many.requests * 1000
        one = drive_grpc(GrpcLoad(port, 1, plan.seconds))
    return {"rate": many.rate, "p99": many.p99_ms, "p50": one.p50_ms, "cpu_ms": cpu_ms}


def _wait_for_answer(port: int, patience_s: float = 60.0) -> None:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            drive_grpc(GrpcLoad(port, 1, 1))
        except VoidRunError:
            if time.monotonic() > deadline:
                raise
        else:
            return


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Compare gRPC of Servescope with TorchServe's and with a bare grpc.aio."
    )
    parser.add_argument("--torchserve-env", type=Path, required=True, help="environment with bin/torchserve (0.12.0)")
    add_options(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison. Exit status: 0 all targets met, 1 one missed, 2 void or impossible to run."""
    arguments = _arguments(argv)

    def kinds() -> list[Kind]:
        h2load_path()
        echo = Kind(ECHO, (sys.executable, str(Path(__file__).parent / "rig" / "grpc_echo.py")), {})
        return [torchserve(arguments.torchserve_env), servescope(), echo]

    found = compared(arguments, (QUICK, FULL), kinds, measure)
    if found is None:
        return 2
    ours, theirs, bare = found["Servescope"], found["TorchServe"], found[ECHO]
    print(table(VERSUS_TORCHSERVE, "TorchServe", theirs, ours))
    print(f"\n{table(VERSUS_ECHO, ECHO, bare, ours)}")
    return 0 if all_met(VERSUS_TORCHSERVE, theirs, ours) and all_met(VERSUS_ECHO, bare, ours) else 1


if __name__ == "__main__":
    sys.exit(main())
