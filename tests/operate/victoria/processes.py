"""VictoriaMetrics and vmalert as processes: in, folders, rules, samples; out, what was recorded and which alerts there were."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from integration.server import PATIENCE_S, free_ports, wait_until

needs_victoria = pytest.mark.skipif(
    shutil.which("victoria-metrics") is None or shutil.which("vmalert") is None,
    reason="victoria-metrics (which brings vmalert) is not installed",
)

Labels = frozenset[tuple[str, str]]
Told = dict[Labels, dict[int, float]]  # values by milliseconds since 1970


class Victoria:
    """One VictoriaMetrics at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=4 * PATIENCE_S)

    def healthy(self) -> bool:
        """Whether it answers."""
        try:
            return self._http.get("/health").status_code == 200
        except httpx.ConnectError:
            return False

    def put(self, lines: list[str]) -> None:
        """Import samples in the text format, with their times, and wait until they can be read."""
        self._http.post("/api/v1/import/prometheus", content="\n".join(lines) + "\n").raise_for_status()
        self._http.get("/internal/force_flush").raise_for_status()

    def evaluate(self, expression: str, start_s: int, end_s: int, step_s: int) -> Told:
        """The expression at each step."""
        query = {"query": expression, "start": start_s, "end": end_s, "step": f"{step_s}s", "nocache": "1"}
        found = self._http.post("/api/v1/query_range", data={key: str(value) for key, value in query.items()})
        assert found.status_code == 200, (expression, found.text)
        return {
            frozenset(one["metric"].items()): {round(at * 1000): float(value) for at, value in one["values"]}
            for one in found.json()["data"]["result"]
        }

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The expression now."""
        found = self._http.get("/api/v1/query", params={"query": expression, "nocache": "1"})
        assert found.status_code == 200, (expression, found.text)
        result: list[dict[str, Any]] = found.json()["data"]["result"]
        return result

    def exported(self, selector: str) -> Told:
        """All raw samples of the series; where one went stale there is none."""
        self._http.get("/internal/force_flush").raise_for_status()
        text = self._http.get("/api/v1/export", params={"match[]": selector}).text
        told: Told = {}
        for line in text.splitlines():
            one = json.loads(line)
            values = zip(one["timestamps"], one["values"], strict=True)
            samples = told.setdefault(frozenset(one["metric"].items()), {})
            samples |= {at: float(value) for at, value in values if value is not None}
        return told


@contextmanager
def victoria(folder: Path, *options: str) -> Iterator[Victoria]:
    """A VictoriaMetrics of its own, which hides nothing of the last seconds."""
    (port,) = free_ports(1)
    words = [f"-storageDataPath={folder}/storage", f"-httpListenAddr=127.0.0.1:{port}", "-search.latencyOffset=0"]
    words += ["-memory.allowedBytes=256MB", "-retentionPeriod=10y", "-loggerLevel=WARN", *options]
    with _process(folder / "victoria.log", ["victoria-metrics", *words]):
        one = Victoria(f"http://127.0.0.1:{port}")
        wait_until(one.healthy, "VictoriaMetrics")
        yield one


@contextmanager
def vmalert(folder: Path, storage: Victoria, rules: Mapping[str, str], *options: str) -> Iterator[None]:
    """A vmalert that evaluates these files of rules, for as long as the block runs."""
    (port,) = free_ports(1)
    # It wants an Alertmanager, and has none here: what it fails to send is written all the same.
    words = [f"-httpListenAddr=127.0.0.1:{port}", f"-notifier.url={storage.url}", "-loggerLevel=WARN", *options]
    with _process(folder / "vmalert.log", _vmalert(folder, storage, rules, *words)):
        yield


def replayed(folder: Path, storage: Victoria, rules: str, between_s: tuple[int, int], every_s: int) -> None:
    """Have vmalert evaluate a file of rules over a time that is past, in seconds since 1970."""
    start, end = (datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in between_s)
    words = [
        f"-replay.timeFrom={start}",
        f"-replay.timeTo={end}",
        "-replay.rulesDelay=0s",
        "-replay.disableProgressBar",
    ]
    words += ["-loggerLevel=WARN", "-replay.maxDatapointsPerQuery=10000", f"-datasource.queryStep={every_s}s"]
    command = _vmalert(folder, storage, {"replayed.yml": rules}, *words)
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr


def _vmalert(folder: Path, storage: Victoria, rules: Mapping[str, str], *words: str) -> list[str]:
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    for name, text in rules.items():
        (folder / "rules" / name).write_text(text, "utf-8")
    url = storage.url
    reached = [f"-datasource.url={url}", f"-remoteWrite.url={url}", f"-remoteRead.url={url}"]
    return ["vmalert", f"-rule={folder}/rules/*.yml", *reached, *words]


@contextmanager
def _process(log: Path, words: list[str]) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
