"""A real Prometheus with the generated rules: in, a server's metrics port and the histograms' form; out, its answers.

Only how often things happen is changed, not how far back the rules look, so every window has the whole of a load in it.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml
from prometheus_client.parser import text_string_to_metric_families

from integration.server import PATIENCE_S, free_ports
from servescope.operate.discovery import discovery_of
from servescope.operate.prometheus import prometheus_files
from servescope.operate.promql import Form
from servescope.operate.thresholds import Thresholds

FEATURES = {"classic": "exemplar-storage", "native": "exemplar-storage,native-histograms"}
# As in operators' configuration the two are the same, so that recorded rates weigh each scrape alike.
SCRAPES = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}


class Prometheus:
    """The answers of one Prometheus, which writes the file `log`."""

    def __init__(self, url: str, log: Path) -> None:
        self._url = url
        self._http = httpx.Client(base_url=f"{url}/api/v1/", timeout=PATIENCE_S)
        self._log = log

    def ask(self, path: str, **query: Any) -> list[Any]:
        """The data of an answer, or nothing while it is starting."""
        try:
            answer = self._http.get(path, params=query)
        except httpx.ConnectError:
            return []
        if answer.status_code == 503:
            return []
        assert answer.status_code == 200, (query, answer.text)
        data = answer.json()["data"]
        return data if isinstance(data, list) else next(iter(data[key] for key in ("result", "groups") if key in data))

    def has(self, query: str) -> bool:
        """Whether there is a series, and one with a number."""
        return any(series.get("histogram") or series["value"][1] != "NaN" for series in self.ask("query", query=query))

    def by(self, label: str, query: str, **at: float) -> dict[str, float]:
        """The values of the query's series by one of their labels; `time` in Unix seconds, if not now."""
        found = self.ask("query", query=query, **at)
        values = {series["metric"][label]: float(series["value"][1]) for series in found}
        assert len(values) == len(found), f"{query}: several series with the same {label}"
        return values

    def own(self, *names: str) -> dict[str, float]:
        """Sums of its own counters."""
        text = self._http.get(f"{self._url}/metrics").text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {name: sum(one.value for one in samples if one.name == name) for name in names}

    def complaints(self) -> list[str]:
        """Warnings and errors in its log."""
        lines = self._log.read_text().splitlines()
        assert any("ready to receive web requests" in line for line in lines)
        return [line for line in lines if re.search("level=(?:warn|error)", line)]


def files(port: int, form: Form, thresholds: Thresholds | None = None) -> dict[str, str]:
    """What `servescope prometheus` writes, for one server, with rules that are evaluated each second."""
    written = prometheus_files(discovery_of((f"127.0.0.1:{port}",), None, None), thresholds or Thresholds(), form)
    main = yaml.safe_load(written["prometheus.yml"])
    del main["alerting"]  # there is no Alertmanager
    main["global"] = SCRAPES
    rules = {path: _often(written[path]) for path in written if path.startswith("rules/")}
    return {"prometheus.yml": yaml.safe_dump(main), **rules}


def _often(text: str) -> str:
    groups = [{**group, "interval": "1s"} for group in yaml.safe_load(text)["groups"]]
    return yaml.safe_dump({"groups": groups})


@contextmanager
def prometheus(folder: Path, written: Mapping[str, str], form: Form) -> Iterator[Prometheus]:
    """Prometheus with these files in a folder that is not there yet."""
    for path, text in written.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    (port,) = free_ports(1)
    words = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
    words += [f"--web.listen-address=127.0.0.1:{port}", f"--enable-feature={FEATURES[form]}"]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(["prometheus", *words], stdout=output, stderr=subprocess.STDOUT)
    try:
        yield Prometheus(f"http://127.0.0.1:{port}", log)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
