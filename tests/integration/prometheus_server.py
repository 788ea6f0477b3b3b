"""A real Prometheus that scrapes a server of a test, and is asked for queries' results."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from integration.server import PATIENCE_S, free_ports, wait_until

CONFIGURATION = """
global: {scrape_interval: 250ms, scrape_timeout: 250ms}
scrape_configs:
  - job_name: servescope
    static_configs: [{targets: ['TARGET']}]
"""


class Prometheus:
    """A client of one; see `prometheus`."""

    def __init__(self, address: str) -> None:
        self._address = address

    def ask(self, path: str, **query: str) -> Any:
        """The data of an answer of its API; None while it is not up."""
        try:
            answer = httpx.get(f"http://{self._address}/api/v1/{path}", params=query)
        except httpx.ConnectError:
            return None
        if answer.status_code == 503:
            return None  # it is starting
        return answer.json()["data"]

    def values(self, query: str) -> list[float]:
        """The values of a query's series, now."""
        found = self.ask("query", query=query)
        return [float(sample["value"][1]) for sample in found["result"] if "value" in sample] if found else []

    def wait_for(self, query: str, what: str = "") -> float:
        """The value of a query that ends in a comparison, or has no result at first, as soon as it is there."""
        return wait_until(lambda: self.values(query), what or query)[0]

    def target(self) -> tuple[str, str]:
        """Health and last error of the one target."""
        (target,) = self.ask("targets")["activeTargets"]
        return target["health"], target["lastError"]


@contextmanager
def prometheus(directory: Path, port: int, *features: str, more: Sequence[int] = ()) -> Iterator[Prometheus]:
    """Start one that scrapes a port of this machine, and `more`, every 250 ms, with these experimental features."""
    directory.mkdir()
    configuration = directory / "prometheus.yml"
    targets = "', '".join(f"127.0.0.1:{one}" for one in (port, *more))
    configuration.write_text(CONFIGURATION.replace("TARGET", targets))
    (own_port,) = free_ports(1)
    address = f"127.0.0.1:{own_port}"
    words = ["prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={directory / 'tsdb'}"]
    words += [f"--web.listen-address={address}", *(f"--enable-feature={feature}" for feature in features)]
    with (directory / "log").open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield Prometheus(address)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
