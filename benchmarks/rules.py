"""What the rules of `servescope prometheus` cost a real Prometheus: every group's evaluation, with many models and days of
history.

    python benchmarks/rules.py --models 200 --days 3 --seconds 120

An exposition with every family of that many models, under load, is served on this machine; three days of what the longest
windows read are put into Prometheus' storage before it starts. Groups of 1m, 2m and 10m are evaluated every 15 s here, so that
each is seen several times. Printed: for each group its rules and its median and longest evaluation
(prometheus_rule_group_last_duration_seconds), and the sum, which is what a round costs in which all of them are due. Ends
with status 1 where that is a second or more.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path

import httpx
import rich.console
import rich.table

from servescope.metrics.definitions import (
    FINISH_REASONS,
    OUTCOMES,
    OWN,
    REJECTION_REASONS,
    RESTART_REASONS,
    SLOS,
    STAGES,
    TOKEN_KINDS,
    WORKER_STATES,
    Definition,
)
from servescope.operate.discovery import discovery_of
from servescope.operate.prometheus import prometheus_files
from servescope.operate.thresholds import Thresholds
from servescope.operate.writer import write_files

STEP_S = 15
BUDGET_S = 1.0
SETTLE_S = 60
VALUES = {
    "model_version": ("1.0",), "transport": ("rest",), "route": ("predict", "explain"), "outcome": OUTCOMES,
    "code": ("200", "400", "404", "408", "499", "500", "503"), "stage": STAGES, "slo": SLOS, "state": WORKER_STATES,
    "worker": ("W-1", "W-2"), "kind": TOKEN_KINDS, "device": ("0",),
}  # fmt: skip
REASONS = {
    "servescope_rejected_total": REJECTION_REASONS,
    "servescope_worker_restarts_total": RESTART_REASONS,
    "servescope_llm_finished_total": FINISH_REASONS,
}
ERRORS, REQUESTS = "model_slo:servescope_slo_errors", "model_slo:servescope_slo_requests"


def value_at(at_s: float) -> int:
    """A counter, at a time: one function, so that history and scrapes are one series."""
    return int(at_s // STEP_S) * 100


def label_sets(definition: Definition, models: int, language_models: int) -> Iterator[str]:
    """The label sets of a family, as text without braces; the first `language_models` have all of them."""
    if definition.name.startswith("servescope_llm_"):
        models = language_models
    choices = []
    for label in definition.labels:
        if label == "model_name":
            values: tuple[str, ...] = tuple(f"model-{number:03}" for number in range(models))
        else:
            values = REASONS.get(definition.name, ("x",)) if label == "reason" else VALUES.get(label, ("x",))
        choices.append([f'{label}="{value}"' for value in values])
    for labels in product(*choices):
        every_model = not any(f'slo="{slo}"' in labels for slo in ("ttft", "itl"))
        if every_model or labels[0] < f'model_name="model-{language_models:03}"':
            yield ",".join(labels)


def exposition(models: int, language_models: int) -> tuple[list[str], list[bool]]:
    """The page's lines without their values, and of each whether it is a counter's."""
    lines, growing = [], []
    for definition in OWN:
        for labels in label_sets(definition, models, language_models):
            if definition.kind == "histogram":
                before = f"{labels}," if labels else ""
                own = [f'{definition.name}_bucket{{{before}le="{bound:g}"}} ' for bound in definition.buckets]
                own += [f'{definition.name}_bucket{{{before}le="+Inf"}} ']
                own += [f"{definition.name}_{part}{{{labels}}} " for part in ("count", "sum")]
            else:
                own = [f"{definition.name}{{{labels}}} "]
            lines += own
            growing += [definition.kind != "gauge"] * len(own)
    return lines, growing


class Page(BaseHTTPRequestHandler):
    """Answers a scrape."""

    parts: tuple[list[str], list[bool]]

    def do_GET(self) -> None:
        count = f"{value_at(time.time())}\n"
        lines, growing = self.parts
        body = "".join(
            [line + (count if grows else "0.5\n") for line, grows in zip(lines, growing, strict=True)]
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Nothing."""


def history(folder: Path, models: tuple[int, int], days: float, now_s: float, target: str) -> int:
    """Write blocks of what the long windows read, each as far back and as often as it is read. The number of samples."""
    written = 0
    for hours, names, step in (
        (days * 24, (f"{ERRORS}:mean10m", f"{REQUESTS}:mean10m"), 600),
        (6, (f"{ERRORS}:rate2h", f"{REQUESTS}:rate2h"), 60),
        (2, (f"{ERRORS}:rate5m", f"{REQUESTS}:rate5m"), STEP_S),
        (2, ("servescope_slo_requests_total", "servescope_slo_good_total"), STEP_S),
    ):
        text = folder / "history.txt"
        times = range(int((now_s - hours * 3600) // step * step), int(now_s) - STEP_S, step)
        with text.open("w") as file:
            for name in names:
                for labels in slo_labels(name, models, target):
                    series = f"{name}{{{labels}}}"
                    file.writelines(f"{series} {value_at(at) if 'total' in name else 1} {at}\n" for at in times)
                    written += len(times)
            file.write("# EOF\n")
        # A Prometheus that has run for days has put its blocks of two hours together.
        words = ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=18h", "openmetrics", "--quiet"]
        subprocess.run([*words, str(text), str(folder / "tsdb")], check=True, stdout=subprocess.DEVNULL)
        text.unlink()
    return written


def slo_labels(name: str, models: tuple[int, int], target: str) -> Iterator[str]:
    """The label sets of a series about objectives, as Prometheus has them."""
    instance = "" if ":" in name else f',instance="{target}"'
    for number, slo in product(range(models[0]), SLOS):
        if slo in ("ttft", "itl") and number >= models[1]:
            continue
        yield f'job="servescope"{instance},model_name="model-{number:03}",model_version="1.0",slo="{slo}"'


def measure(address: str, seconds: float) -> dict[str, list[float]]:
    """The durations of each group's evaluations, once Prometheus has compacted what it found and filled its caches."""
    durations: dict[str, list[float]] = {}
    time.sleep(SETTLE_S)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(STEP_S / 3)
        try:
            groups = httpx.get(f"http://{address}/api/v1/rules", timeout=30).json()["data"]["groups"]
        except (httpx.TransportError, ValueError, KeyError):
            continue  # it starts
        for group in groups:
            seen = durations.setdefault(group["name"], [])
            if group["evaluationTime"] and (not seen or seen[-1] != group["evaluationTime"]):
                seen.append(group["evaluationTime"])
    return {name: seen for name, seen in durations.items() if seen}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--language-models", type=int, default=10, help="how many of them are language models")
    parser.add_argument("--days", type=float, default=3)
    parser.add_argument("--seconds", type=float, default=120, help="how long Prometheus evaluates")
    parser.add_argument("--port", type=int, default=9190, help="of Prometheus; the page has the next one")
    options = parser.parse_args()
    models = (options.models, options.language_models)
    target, address = f"127.0.0.1:{options.port + 1}", f"127.0.0.1:{options.port}"
    Page.parts = exposition(*models)
    page = ThreadingHTTPServer(("127.0.0.1", options.port + 1), Page)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = prometheus_files(discovery_of((target,), None, None), Thresholds(), "classic")
        for interval in ("1m", "2m", "10m"):
            text = files["rules/recordings.yml"]
            files["rules/recordings.yml"] = text.replace(f"interval: {interval}\n", "interval: 15s\n")
        write_files(folder, files, force=False)
        began = time.monotonic()
        samples = history(folder, models, options.days, time.time(), target)
        print(
            f"{len(Page.parts[0]):,} series a scrape; {samples:,} samples of history in {time.monotonic() - began:.0f} s"
        )
        words = ["prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}"]
        words += [f"--web.listen-address={address}", "--storage.tsdb.retention.time=30d"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT)
        try:
            durations = measure(address, options.seconds)
        finally:
            process.terminate()
            process.wait()
    page.shutdown()
    return report(durations)


def report(durations: dict[str, list[float]]) -> int:
    """Print the table; the exit status."""
    table = rich.table.Table("group", "evaluations", "median ms", "longest ms")
    for name, seen in durations.items():
        table.add_row(name, str(len(seen)), f"{statistics.median(seen) * 1000:.1f}", f"{max(seen) * 1000:.1f}")
    middle = sum(statistics.median(seen) for seen in durations.values())
    worst = sum(max(seen) for seen in durations.values())
    table.add_row("all", "", f"{middle * 1000:.1f}", f"{worst * 1000:.1f}")
    rich.console.Console().print(table)
    return int(not durations or middle >= BUDGET_S)


if __name__ == "__main__":
    sys.exit(main())
