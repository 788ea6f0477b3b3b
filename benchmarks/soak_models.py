"""What a server keeps of models that are registered, asked and unregistered all day: nothing.

In: how many cycles. Out: the front end's memory after every so many, and what it grew by a cycle after the first hundred, in which
what is bounded may fill (the series of the last hundred workers and models that went, say). Exit status 1 where that is more than
LIMIT_KB. Each cycle starts a worker, whose handler writes a metric of each kind, and scrapes are few. `--new-names` gives the model
of each cycle a name of its own.
"""

import argparse
import http.client
import json
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from rig.load import VoidRunError
from rig.memory import pss_bytes
from rig.processes import front_end
from rig.servers import ask, free_ports, running, servescope

HANDLER = '''"""Answers ok, and measures that."""

from ts.metrics.metric_type_enum import MetricTypes


def handle(data, context):
    if data is None:
        return None
    metrics = context.metrics
    metrics.add_counter("Calls", 1)
    metrics.add_time("Took", 1.5)
    metrics.add_metric("Size", 3, "kB", None, [], MetricTypes.HISTOGRAM)
    return ["ok"] * len(data)
'''
WARM_UP = 100
LIMIT_KB = 1.0
KIB = 1024


@dataclass(frozen=True)
class Ports:
    """Of the server under test."""

    inference: int
    management: int
    metrics: int


def write_archive(path: Path) -> None:
    """An archive of the handler above."""
    model = {"modelName": "measured", "modelVersion": "1.0", "handler": "measured.py"}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", json.dumps({"runtime": "python", "model": model}))
        archive.writestr("measured.py", HANDLER)


def tell(port: int, method: str, path: str) -> None:
    """One request. Raises VoidRunError where its answer is no 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise VoidRunError(f"{method} {path}: {answer.status} {text[:200]!r}")
    finally:
        connection.close()


def cycle(ports: Ports, url: str, name: str) -> None:
    """Register a model with a worker, ask it, unregister it."""
    tell(ports.management, "POST", f"/models?url={url}&model_name={name}&initial_workers=1&synchronous=true")
    status, body = ask(ports.inference, name)
    if status != 200:
        raise VoidRunError(f"{name}: {status} {body[:200]!r}")
    tell(ports.management, "DELETE", f"/models/{name}")


def soak(ports: Ports, url: str, pid: int, options: argparse.Namespace) -> list[tuple[int, float]]:
    """The front end's memory in kB, by the number of cycles that were over."""
    found = []
    for number in range(options.cycles + 1):
        if number % options.every == 0:
            tell(ports.metrics, "GET", "/metrics")
            found.append((number, pss_bytes(pid) / KIB))
            print(f"{number} cycles: {found[-1][1]:,.0f} kB", file=sys.stderr)
        cycle(ports, url, f"measured{number}" if options.new_names else "measured")
    return found


def report(found: list[tuple[int, float]]) -> int:
    """Print the table; the exit status."""
    table = Table("cycles", "front end kB", "kB a cycle since")
    for (before, less), (number, kilobytes) in zip([found[0], *found], found, strict=False):
        grown = f"{(kilobytes - less) / (number - before):.2f}" if number > before else ""
        table.add_row(str(number), f"{kilobytes:,.0f}", grown)
    Console().print(table)
    warm = [one for one in found if one[0] >= WARM_UP]
    if len(warm) < 2:
        print(f"{found[-1][0]} cycles say nothing of what stays: the first {WARM_UP} fill what is bounded.")
        return 2
    # Single figures come and go by half a MiB, as the allocator gives memory back now and then.
    grown = linear_regression(*zip(*warm, strict=True)).slope
    print(f"After the first {WARM_UP}: {grown:.2f} kB a cycle; the limit is {LIMIT_KB} kB.")
    return int(grown > LIMIT_KB)


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=300)
    parser.add_argument("--every", type=int, default=10, help="cycles between two measurements")
    parser.add_argument("--new-names", action="store_true", help="a new name for each cycle's model")
    parser.add_argument("--mode", default="prometheus", help="metrics_mode")
    options = parser.parse_args()
    management, metrics = free_ports(2)
    settings = {
        "management_address": f"http://127.0.0.1:{management}",
        "metrics_address": f"http://127.0.0.1:{metrics}",
        "enable_model_api": "true",
        "metrics_mode": options.mode,
    }
    with TemporaryDirectory(prefix="soak-") as room, running(servescope(), settings) as server:
        archive = Path(room) / "measured.mar"
        write_archive(archive)
        ports = Ports(server.port, management, metrics)
        return report(soak(ports, archive.as_uri(), front_end(server.session), options))


if __name__ == "__main__":
    sys.exit(main())
