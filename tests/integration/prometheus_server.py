"""A real Prometheus of a test's own: in, its files; out, answers to queries. It ends with the `with` block."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from integration.scrape import Scrape
from integration.server import PATIENCE_S, free_ports, wait_until
from programs import needs

CONFIGURATION = """
global: {scrape_interval: 250ms, scrape_timeout: 250ms}
scrape_configs:
  - job_name: servescope
    static_configs: [{targets: ['TARGET']}]
"""
needs_prometheus = needs("prometheus")


class Prometheus:
    """The answers of one that `http` leads to and that writes the file `log`; see `prometheus`."""

    def __init__(self, http: httpx.Client, log: Path) -> None:
        self._http = http
        self._log = log

    def ask(self, path: str, **query: Any) -> Any:
        """The data of an answer of its API; None while it is starting."""
        try:
            answer = self._http.get(f"api/v1/{path}", params=query)
        except httpx.ConnectError:
            return None
        if answer.status_code == 503:
            return None
        assert answer.status_code == 200, (query, answer.text)
        return answer.json()["data"]

    def series(self, query: str, **at: float) -> list[dict[str, Any]]:
        """A query's series, none while it is starting; `time` in Unix seconds, if not now."""
        found = self.ask("query", query=query, **at)
        return found["result"] if found else []

    def has(self, query: str) -> bool:
        """Whether there is a series, and one with a number."""
        return any(one.get("histogram") or one["value"][1] != "NaN" for one in self.series(query))

    def values(self, query: str) -> list[float]:
        """The values of a query's series, now; histograms left out."""
        return [float(one["value"][1]) for one in self.series(query) if "value" in one]

    def value(self, query: str) -> float | None:
        """The value of the query's one series; None where there is none."""
        found = self.series(query)
        assert len(found) <= 1, f"{query}: {len(found)} series"
        return float(found[0]["value"][1]) if found else None

    def by(self, label: str, query: str, **at: float) -> dict[str, float]:
        """The values of the query's series by one of their labels; `at`: see `series`."""
        found = self.series(query, **at)
        values = {one["metric"][label]: float(one["value"][1]) for one in found}
        assert len(values) == len(found), f"{query}: several series with the same {label}"
        return values

    def wait_for(self, query: str, what: str = "") -> float:
        """The value of a query that ends in a comparison, or has no result at first, as soon as it is there."""
        return wait_until(lambda: self.values(query), what or query)[0]

    def target(self) -> tuple[str, str]:
        """Health and last error of the one target."""
        (target,) = self.ask("targets")["activeTargets"]
        return target["health"], target["lastError"]

    def own(self, *names: str) -> dict[str, float]:
        """Sums of its own counters."""
        scrape = Scrape(self._http.get("metrics").text)
        return {name: scrape.total(name) for name in names}

    def complaints(self) -> list[str]:
        """Warnings and errors in its log."""
        lines = self._log.read_text().splitlines()
        assert any("ready to receive web requests" in line for line in lines)
        return [line for line in lines if re.search("level=(?:warn|error)", line)]


def scraping(*ports: int) -> dict[str, str]:
    """The files of one that scrapes these ports of this machine every 250 ms."""
    targets = "', '".join(f"127.0.0.1:{port}" for port in ports)
    return {"prometheus.yml": CONFIGURATION.replace("TARGET", targets)}


@contextmanager
def prometheus(folder: Path, files: Mapping[str, str], *features: str) -> Iterator[Prometheus]:
    """Start one with these files, in a folder that need not be there yet, and these experimental features."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    (port,) = free_ports(1)
    words = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    words += [f"--web.listen-address=127.0.0.1:{port}", *(f"--enable-feature={feature}" for feature in features)]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(["prometheus", *words], stdout=output, stderr=subprocess.STDOUT)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/", timeout=PATIENCE_S) as http:
            yield Prometheus(http, log)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
