"""A real Prometheus that scrapes a server four times a second, and questions to it in PromQL.

In: a port of 127.0.0.1 and options of its own. Out: values of instant queries. Ended with the `with` block.
"""

import subprocess
from pathlib import Path
from types import TracebackType

import httpx

from integration.server import PATIENCE_S, free_ports

CONFIGURATION = """
global: {{scrape_interval: 250ms, scrape_timeout: 250ms}}
scrape_configs:
  - job_name: servescope
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""


class Prometheus:
    """One process, with an empty database in `directory`."""

    def __init__(self, directory: Path, port: int, *options: str) -> None:
        configuration = directory / "prometheus.yml"
        configuration.write_text(CONFIGURATION.format(port=port))
        (own_port,) = free_ports(1)
        self._url = f"http://127.0.0.1:{own_port}/api/v1/"
        words = [f"--config.file={configuration}", f"--storage.tsdb.path={directory / 'tsdb'}"]
        with (directory / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(
                ["prometheus", *words, f"--web.listen-address=127.0.0.1:{own_port}", *options],
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> "Prometheus":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)

    def ask(self, query: str) -> list[dict]:
        """The series of an instant query; none while it is not up yet."""
        try:
            answer = httpx.get(self._url + "query", params={"query": query})
        except httpx.ConnectError:
            return []
        if answer.status_code == 503:
            return []  # it is starting
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["result"]

    def value(self, query: str) -> float | None:
        """The value of the query's one series; None where there is none."""
        found = self.ask(query)
        assert len(found) <= 1, f"{query}: {len(found)} series"
        return float(found[0]["value"][1]) if found else None

    def by(self, label: str, query: str) -> dict[str, float]:
        """The values of the query's series by one of their labels."""
        return {series["metric"][label]: float(series["value"][1]) for series in self.ask(query)}
