"""What the rules of `servescope prometheus` cost a real Prometheus: every group's evaluation, with many models and days of
history.

    python benchmarks/rules.py --models 200 --troubled 20 --days 3 --seconds 120

An exposition with every family of that many models, under load, is served on this machine; three days of what the longest
windows read are put into Prometheus' storage before it starts. The troubled models fail every request, refuse others, lose
workers and are slow, so that nearly every alert of theirs fires: an alert that fires costs Prometheus its texts, each time.
Groups of 1m, 2m and 10m are evaluated every 15 s here, so that each is seen several times. Printed: for each group its median
and longest evaluation (evaluationTime of /api/v1/rules), and the median and longest round, the sum over all groups, as it
would be if all of them were due at once. Ends with status 1 where the median round is a second or more.
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

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.metrics.definitions import (
    DIRECTIONS,
    FINISH_REASONS,
    MODES,
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
from servescope.operate.writer import write_files

STEP_S = 15
BUDGET_S = 1.0
SETTLE_S = 60
VALUES = {
    "model_version": ("1.0",), "transport": ("rest",), "route": ("predict", "explain"), "outcome": OUTCOMES,
    "code": ("200", "400", "404", "408", "499", "500", "503"), "stage": STAGES, "slo": SLOS, "state": WORKER_STATES,
    "worker": ("W-1", "W-2"), "kind": TOKEN_KINDS, "device": ("0",), "mode": MODES, "direction": DIRECTIONS,
    "bound": ("max", "memory"), "signal": ("latency_slo", "concurrency"),
}  # fmt: skip
REASONS = {
    "servescope_rejected_total": REJECTION_REASONS,
    "servescope_worker_restarts_total": RESTART_REASONS,
    "servescope_llm_finished_total": FINISH_REASONS,
    "servescope_autoscaler_decisions_total": ("latency_slo", "kept", "tolerance", "missing"),
}
# Counters that grow, and gauges that are up, where something is wrong alone.
TROUBLES = {
    "servescope_rejected_total", "servescope_worker_restarts_total", "servescope_llm_preemptions_total",
    "servescope_queue_depth", "servescope_queue_oldest_seconds", "servescope_workers_min",
    "servescope_autoscaler_withheld_workers", "servescope_autoscaler_input_age_seconds",
}  # fmt: skip
BLESSINGS = {"servescope_slo_good_total", "servescope_slo_threshold_seconds", "servescope_workers"}
# The server's own, which are of no model.
QUIET = {
    "servescope_series_dropped_total",
    "servescope_cgroup_cpu_throttled_seconds_total",
    "servescope_models_missing",
}
GAUGES = {
    "servescope_queue_capacity": "100",
    "servescope_slo_target_ratio": "0.99",
    "servescope_collector_success": "1",
    "servescope_autoscaler_applied_workers": "1",
    "servescope_autoscaler_input_age_seconds": "90",
}
ERRORS, REQUESTS, GOOD = (f"model_slo:servescope_slo_{of}" for of in ("errors", "requests", "good"))
DURATION = "model:servescope_request_duration_seconds"


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


def exposition(models: int, language_models: int, troubled: int) -> tuple[list[str], list[str | None]]:
    """The page's lines without their values, and these, or None where it is a counter that grows."""
    lines: list[str] = []
    values: list[str | None] = []
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
            values += [value_of(definition, labels, troubled)] * len(own)
    return lines, values


def value_of(definition: Definition, labels: str, troubled: int) -> str | None:
    """What a series says all the time, or None where it is a counter that grows. The first `troubled` models fare badly."""
    bad = "model-" in labels and labels < f'model_name="model-{troubled:03}"'
    name = definition.name
    up = name not in QUIET
    if name in TROUBLES or 'code="4' in labels or 'code="5' in labels:
        up = bad
    elif name in BLESSINGS or 'code="200"' in labels:
        up = not bad
    if definition.kind != "gauge":
        return None if up else "0"
    return GAUGES.get(name, "90" if name.startswith("servescope_queue") else "0.5") if up else "0"


class Page(BaseHTTPRequestHandler):
    """Answers a scrape."""

    parts: tuple[list[str], list[str | None]]

    def do_GET(self) -> None:
        count = f"{value_at(time.time())}\n"
        lines, values = self.parts
        body = "".join(
            [line + (count if value is None else value + "\n") for line, value in zip(lines, values, strict=True)]
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Nothing."""


def history(folder: Path, options: argparse.Namespace, now_s: float, target: str) -> int:
    """Write blocks of what the long windows read, each as far back and as often as it is read. The number of samples."""
    written = 0
    for hours, names, step in (
        (options.days * 24, (f"{ERRORS}:mean10m", f"{REQUESTS}:mean10m"), 600),
        (6, (f"{GOOD}:count2h", f"{REQUESTS}:count2h"), 60),
        (2, (f"{GOOD}:count1h", f"{REQUESTS}:count1h"), STEP_S),
        (2, (f"{ERRORS}:count5m", f"{REQUESTS}:count5m"), STEP_S),
        (24, (f"{DURATION}:normal10m",), 60),
        (2, ("servescope_slo_requests_total", "servescope_slo_good_total"), STEP_S),
    ):
        text = folder / "history.txt"
        times = range(int((now_s - hours * 3600) // step * step), int(now_s) - STEP_S, step)
        with text.open("w") as file:
            for name in names:
                for labels in slo_labels(name, options, target):
                    series, value = f"{name}{{{labels}}}", past_value(name, labels, options.troubled)
                    file.writelines(f"{series} {value_at(at) if value is None else value} {at}\n" for at in times)
                    written += len(times)
            file.write("# EOF\n")
        # A Prometheus that has run for days has put its blocks of two hours together.
        words = ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=18h", "openmetrics", "--quiet"]
        subprocess.run([*words, str(text), str(folder / "tsdb")], check=True, stdout=subprocess.DEVNULL)
        text.unlink()
    return written


def past_value(name: str, labels: str, troubled: int) -> int | None:
    """What a series said all the time, or None where it is a counter that grew."""
    bad = labels[labels.index("model_name") :] < f'model_name="model-{troubled:03}"'
    if name.endswith("_total"):
        return 0 if bad and "good" in name else None
    return 0 if name.startswith(ERRORS) and not bad else 1


def slo_labels(name: str, options: argparse.Namespace, target: str) -> Iterator[str]:
    """The label sets of a series about objectives, as Prometheus has them."""
    instance = "" if ":" in name else f',instance="{target}"'
    if name.startswith(DURATION):
        yield from (f'job="servescope",model_name="model-{n:03}",model_version="1.0"' for n in range(options.models))
        return
    for number, slo in product(range(options.models), SLOS):
        if slo in ("ttft", "itl") and number >= options.language_models:
            continue
        yield f'job="servescope"{instance},model_name="model-{number:03}",model_version="1.0",slo="{slo}"'


def measure(address: str, seconds: float) -> dict[str, list[float]]:
    """The durations of each group's evaluations, once Prometheus has compacted what it found and filled its caches."""
    durations: dict[str, list[float]] = {}
    alerts = 0
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
        alerts = sum(len(rule.get("alerts", ())) for group in groups for rule in group["rules"])
    print(f"{alerts:,} alerts pending or firing")
    return {name: seen for name, seen in durations.items() if seen}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--language-models", type=int, default=10, help="how many of them are language models")
    parser.add_argument("--troubled", type=int, default=20, help="how many of them have nearly every alert firing")
    parser.add_argument("--days", type=float, default=3)
    parser.add_argument("--seconds", type=float, default=120, help="how long Prometheus evaluates")
    parser.add_argument("--port", type=int, default=9190, help="of Prometheus; the page has the next one")
    options = parser.parse_args()
    target, address = f"127.0.0.1:{options.port + 1}", f"127.0.0.1:{options.port}"
    Page.parts = exposition(options.models, options.language_models, options.troubled)
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
        samples = history(folder, options, time.time(), target)
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
    rounds = [sum(one) for one in zip(*durations.values(), strict=False)]
    for name, seen in {**durations, "a round of all": rounds}.items():
        if seen:
            table.add_row(name, str(len(seen)), f"{statistics.median(seen) * 1000:.1f}", f"{max(seen) * 1000:.1f}")
    rich.console.Console().print(table)
    return int(not rounds or statistics.median(rounds) >= BUDGET_S)


if __name__ == "__main__":
    sys.exit(main())
