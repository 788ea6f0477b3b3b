"""How many bytecodes a request takes, of the front end and of a worker: what a noisy machine does not change.

    python benchmarks/counted.py [--before CHECKOUT] [--top N] [--json FILE]

In: wrk on PATH, Python 3.11 or newer. Out: a table for single requests and for batches of 16, at c=64, and the N functions that
take most of them; what is done without requests is taken off. `--before` counts another checkout beside this one. A bytecode is no
unit of time: use it to find where a request got longer, and versus_torchserve.py to know what that cost. Run by hand;
docs/performance.md holds results.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rig.load import Load, drive
from rig.processes import front_end, members, process_cpu_seconds
from rig.servers import Kind, Server, another_servescope, running, servescope

MODELS = {"noop": "batch 1", "noop16": "batches of 16"}
CONNECTIONS, SECONDS, WARM_UP_S = 64, 4, 3
WRITTEN_S = 20.0
COUNTER = Path(__file__).parent / "rig" / "counting"


@dataclass(frozen=True)
class Counted:
    """Bytecodes a request, by function."""

    by_function: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.by_function.values())


def counting(kind: Kind, folder: Path) -> Kind:
    """The same server, with what counts in each of its processes."""
    path = os.pathsep.join(filter(None, [str(COUNTER), kind.environment.get("PYTHONPATH")]))
    return replace(kind, environment={**kind.environment, "PYTHONPATH": path, "COUNTED_TO": str(folder)})


def count(kind: Kind, model: str) -> dict[str, Counted]:
    """Of one model's requests: by process, "front end" and "worker"."""
    with tempfile.TemporaryDirectory(prefix="counted-") as name, running(counting(kind, Path(name))) as server:
        load = Load(server.url(model), CONNECTIONS, WARM_UP_S)
        processes = {"front end": front_end(server.session), "worker": _worker_of(server, load)}
        return {process: _counted(pid, Path(name, f"{pid}.json"), load) for process, pid in processes.items()}


def _counted(pid: int, file: Path, load: Load) -> Counted:
    """What a process does for a request, less what it does in as much time without any."""
    idle, _ = _tallied(pid, file, lambda: time.sleep(SECONDS))
    busy, loaded = _tallied(pid, file, lambda: drive(replace(load, seconds=SECONDS)).requests)
    requests = (loaded or 0) + CONNECTIONS  # wrk does not count those that it leaves behind
    return Counted({where: max(0, number - idle.get(where, 0)) / requests for where, number in busy.items()})


def _tallied(pid: int, file: Path, work: Callable[[], int | None]) -> tuple[dict[str, int], int | None]:
    """Bytecodes by function while this work is done, and what it returns."""
    os.kill(pid, signal.SIGUSR2)
    returned = work()
    os.kill(pid, signal.SIGUSR2)
    deadline = time.monotonic() + WRITTEN_S
    while not file.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{file}: nothing was counted within {WRITTEN_S:.0f} s")
        time.sleep(0.05)
    found: dict[str, int] = json.loads(file.read_text())
    file.unlink()
    return found, returned


def _worker_of(server: Server, load: Load) -> int:
    """The pid of the process that, besides the front end, works most under this load, which warms the server up."""
    others = [each.pid for each in members(server.session) if each.pid != front_end(server.session)]
    before = {pid: process_cpu_seconds(pid) for pid in others}
    drive(load)
    return max(others, key=lambda pid: process_cpu_seconds(pid) - before[pid])


def table(found: dict[str, dict[str, dict[str, Counted]]]) -> str:
    """Markdown: a row a kind of batch and process, a column a server, by its name, and the ratio of two."""
    lines = [f"| bytecodes a request | {' | '.join(found)} | ratio |", f"|---|{'--:|' * len(found)}--:|"]
    for model, title in MODELS.items():
        for process in ("front end", "worker"):
            totals = [servers[model][process].total for servers in found.values()]
            ratio = f"{totals[-1] / totals[0]:.3f} ×" if len(totals) > 1 else ""
            numbers = " | ".join(f"{total:,.0f}" for total in totals)
            lines.append(f"| {process}, {title} | {numbers} | {ratio} |")
    return "\n".join(lines)


def longest(counted: Counted, top: int) -> str:
    """The functions that take most, a line each."""
    rows = sorted(counted.by_function.items(), key=lambda row: -row[1])[:top]
    return "\n".join(f"{number:8.1f}  {where}" for where, number in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Count and print."""
    parser = argparse.ArgumentParser(description="Bytecodes a request.")
    parser.add_argument(
        "--before", type=Path, metavar="CHECKOUT", help="another checkout of Servescope, counted beside"
    )
    parser.add_argument("--top", type=int, default=20, metavar="N", help="functions shown of each process (20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all functions there")
    asked = parser.parse_args(arguments)
    kinds = ([another_servescope(asked.before)] if asked.before else []) + [servescope()]
    found = {kind.name: {model: count(kind, model) for model in MODELS} for kind in kinds}
    for model, title in MODELS.items():
        for process, counted in found["Servescope"][model].items():
            print(f"\n{process}, {title}\n{longest(counted, asked.top)}")
    print(f"\n{table(found)}")
    if asked.json:
        plain = {
            name: {model: {process: each.by_function for process, each in of.items()} for model, of in models.items()}
            for name, models in found.items()
        }
        asked.json.write_text(json.dumps(plain, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
