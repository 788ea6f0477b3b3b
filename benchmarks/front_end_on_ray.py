"""How far one front end carries workers elsewhere: megabytes a second, what TLS costs, and what a worker costs that does nothing.

    python benchmarks/front_end_on_ray.py [--seconds 5] [--workers 16]

In: as on_ray.py, and openssl on PATH. Out: a Markdown table. All in one run on one machine, so ratios say more than figures.
"""

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from on_ray import BODY_BYTES, cluster
from rig.load import Load, VoidRunError, drive, wrk_path
from rig.processes import front_end, process_cpu_seconds
from rig.servers import Kind, Server, free_ports, running, servescope

SIZES = (16, 64 * 1024, BODY_BYTES)
_CONNECTIONS = 4
_PATIENCE_S = 300
_MEGABYTE = 1e6
# Ray itself speaks in the clear here: it is the workers' connections that are measured.
_TLS_FILES = {"RAY_TLS_SERVER_CERT": "tls.crt", "RAY_TLS_SERVER_KEY": "tls.key", "RAY_TLS_CA_CERT": "tls.crt"}


def certify(directory: Path) -> dict[str, str]:
    """The variables that name a certificate of 127.0.0.1, which is its own authority."""
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
    ]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(directory / "tls.key"), "-out", str(directory / "tls.crt")]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    return {name: str(directory / file) for name, file in _TLS_FILES.items()}


def rates_of(server: Server, seconds: int) -> dict[int, float]:
    """Requests a second by the size of their bodies, in bytes."""
    url = server.url("noop")
    drive(Load(url, _CONNECTIONS, seconds))  # warm
    loads = {size: Load(url, _CONNECTIONS, seconds, size, "application/octet-stream") for size in SIZES}
    return {size: drive(load).rate for size, load in loads.items()}


def scale(port: int, workers: int) -> None:
    """Have so many workers of `noop`, and wait until they are there. Raises RuntimeError where they do not come."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
    query = f"min_worker={workers}&max_worker={workers}&synchronous=true&timeout={_PATIENCE_S}"
    connection.request("PUT", f"/models/noop?{query}")
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != http.client.OK:
        raise RuntimeError(f"{workers} workers do not come: {answer.status} {text!r}")


def idle_share(server: Server, seconds: int) -> float:
    """Of one processor, what the front end takes with nothing to do."""
    pid = front_end(server.session)
    before, began = process_cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (process_cpu_seconds(pid) - before) / (time.monotonic() - began)


def idle_cost(kind: Kind, workers: int, seconds: int) -> float:
    """Share of a processor that the front end takes for one more worker that has nothing to do."""
    (port,) = free_ports(1)
    with running(kind, {"management_address": f"http://127.0.0.1:{port}"}) as server:
        few = idle_share(server, seconds)
        scale(port, workers)
        return (idle_share(server, seconds) - few) / (workers - 1)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How far one front end carries workers on Ray.")
    parser.add_argument("--seconds", type=int, default=5, help="length of each load run (5)")
    parser.add_argument("--workers", type=int, default=16, help="how many idle workers are measured (16)")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 measured, 2 void or impossible to run."""
    arguments = _arguments(argv)
    try:
        wrk_path()
        with tempfile.TemporaryDirectory() as place:
            os.environ.update(certify(Path(place)))
            with cluster(num_cpus=arguments.workers) as address:
                _report(address, arguments.seconds, arguments.workers)
    except (VoidRunError, ImportError, FileNotFoundError, RuntimeError, TimeoutError) as error:
        print(f"VOID: {error}", file=sys.stderr)
        return 2
    return 0


def _report(address: str, seconds: int, workers: int) -> None:
    size = {"max_request_size": str(2 * BODY_BYTES)}
    local = replace(servescope(), name="processes", settings=size)
    there = replace(local, name="Ray", settings={**size, "worker_backend": "ray", "ray_address": address})
    encrypted = replace(there, name="Ray, TLS", settings={**there.settings, "ray_tls": "true"})
    found = {}
    for kind in (local, there, encrypted):
        with running(kind) as server:
            found[kind.name] = rates_of(server, seconds)
    print("| bodies, c=4 | processes | Ray | Ray, TLS |\n|---|--:|--:|--:|")
    for size_bytes in SIZES:
        cells = (
            f"{rate:,.0f}/s, {rate * size_bytes / _MEGABYTE:,.1f} MB/s"
            for rate in (one[size_bytes] for one in found.values())
        )
        print(f"| {size_bytes:,} bytes | {' | '.join(cells)} |")
    print(
        f"\nA worker more that has nothing to do takes the front end {1000 * idle_cost(there, workers, seconds):.2f} ms a second."
    )


if __name__ == "__main__":
    sys.exit(main())
