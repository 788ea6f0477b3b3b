"""Rich tables from the management API's descriptions and the server's counters.

In: decoded answers of `GET /models/{m}/all`, sums of samples of `/metrics`. Out: tables, for `status`, `models describe` and
`demo`, which fit 80 columns: names, errors and reasons are folded; numbers, states and times are not. Names are whatever somebody
chose, and no markup. Pure, but for `console`.
"""

import re
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from servescope.cli.red import Red

_STANDINGS = {
    "ready": "green",
    "idle": "dim",
    "asleep": "dim",
    "waking": "yellow",
    "loading": "yellow",
    "failed": "bold red",
    "given_up": "bold red",
}
_STATES = {
    "ready": "green",
    "busy": "green",
    "starting": "yellow",
    "pending": "yellow",
    "failed": "bold red",
    "given_up": "bold red",
}


_COLUMNS = 80
_LEAST = 6  # signs of a name on a line, however much else there is
_HOUR_S = 3600
_LONG_S = 10_000  # from here on nobody counts the seconds
_GPU_USAGE = re.compile(r"gpuId::(\d+) utilization\.gpu::(\d+) % .*memory\.used::(\d+) MiB")


def console() -> Console:
    """Standard output, 80 columns at least: a narrower terminal breaks the lines, where fewer columns would cut numbers off."""
    found = Console()
    found.width = max(found.width, _COLUMNS)
    return found


def plain_table(title: str, *columns: str, folded: Sequence[str] = ()) -> Table:
    """Without rows yet; what does not fit into a cell of the columns `folded` is folded, all others are as wide as they need."""
    table = Table(
        title=Text(title, style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for column in columns:
        fold = column in folded
        table.add_column(column, overflow="fold", no_wrap=not fold, min_width=_LEAST if fold else None)
    return table


def models_table(models: Sequence[dict[str, Any]]) -> Table:
    """A row a model version: where it is, workers up and asked for, batching, and its queue."""
    columns = ("model", "version", "state", "workers\nat work", "asked\nfor", "batch", "delay\nms", "queue")
    table = plain_table("Models", *columns, folded=("model", "version"))
    for model in models:
        workers = model.get("workers", [])
        ready = sum(worker.get("status") == "READY" for worker in workers)
        readiness = model.get("readiness") or {}
        table.add_row(
            Text(str(model.get("modelName"))),
            Text(str(model.get("modelVersion"))),
            _worded(readiness.get("standing"), _STANDINGS),
            f"{ready} of {readiness.get('asked_for', len(workers))}",
            _range(model.get("minWorkers"), model.get("maxWorkers")),
            str(model.get("batchSize")),
            str(model.get("maxBatchDelay")),
            queue_text(model.get("jobQueueStatus") or {}),
        )
    return table


def workers_table(models: Sequence[dict[str, Any]]) -> Table:
    """A row a worker: state, process, memory and GPU, since when; and on which node, where any is on one of a Ray cluster."""
    nodes = any(worker.get("node") for model in models for worker in model.get("workers", []))
    columns = ("id", "model", "state", "pid", "memory", "since", *(["node"] if nodes else []))
    table = plain_table("Workers", *columns, folded=("model", "node"))
    for model in models:
        for worker in model.get("workers", []):
            node = Text(f"{worker['node']} {worker['host']}") if worker.get("node") else "–"
            table.add_row(
                str(worker.get("id")),
                Text(_versioned(model)),
                worker_state(worker),
                str(worker.get("pid") or "–"),
                _memory(worker),
                str(worker.get("startTime")),
                *([node] if nodes else []),
            )
    return table


def autoscaler_tables(models: Sequence[dict[str, Any]], latest: int) -> list[Table]:
    """Of the model versions that are autoscaled: a row each with its mode, workers wanted and to be had, and what each signal asks
    for; and a row for each of its `latest` decisions, the last one last. None where none is.
    """
    scaled = [(_versioned(model), model["autoscale"]) for model in models if model.get("autoscale")]
    state = plain_table(
        "Autoscaler", "model", "mode", "wanted", "applied", "signals ask for", folded=("model", "signals ask for")
    )
    made = plain_table("Decisions", "at", "model", "mode", "workers", "why", folded=("model", "why"))
    for model, told in scaled:
        signals = ", ".join(f"{name} {count}" for name, count in told["signals"].items())
        desired = "–" if told["desired"] is None else str(told["desired"])
        state.add_row(Text(model), told["mode"], desired, str(told["applied"]), signals or "–")
        for one in told["decisions"][-latest:]:
            change = str(one["to"]) if one["from"] == one["to"] else f"{one['from']} → {one['to']}"
            made.add_row(one["at"], Text(model), one["mode"], change, Text(one["words"]))
    return [table for table in (state, made) if table.rows]


def trouble_rows(models: Sequence[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Model, restarts by reason and latest error, of each model version that had any."""
    rows = []
    for model in models:
        told = model.get("readiness") or {}
        restarts = told.get("restarts") or {}
        if restarts or told.get("why"):
            counts = ", ".join(f"{count} {reason}" for reason, count in sorted(restarts.items()))
            rows.append((_versioned(model), counts or "–", told.get("why") or "–"))
    return rows


def troubles_table(rows: Sequence[tuple[str, str, str]]) -> Table:
    """What `trouble_rows` found."""
    columns = ("model", "restarts", "latest error")
    table = plain_table("Troubles since the start", *columns, folded=columns)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def missing_table(missing: Sequence[dict[str, Any]]) -> Table:
    """What the start was asked to load and has not, and why."""
    table = plain_table("Missing", "model", "reason", "error", folded=("model", "error"))
    for one in missing:
        table.add_row(Text(one["name"]), one["reason"], Text(one["error"] or "–"))
    return table


def worker_state(worker: dict[str, Any]) -> Text:
    """Its state as /metrics has it, with the time of a busy one; TorchServe's word where no more is known."""
    state, busy_s = worker.get("state"), worker.get("busy_s") or 0
    if state == "busy" and busy_s >= 1:
        told = f"{busy_s:,.0f} s" if busy_s < _LONG_S else f"{busy_s / _HOUR_S:,.0f} h"
        return Text(f"busy for {told}", style=_STATES[state])
    return _worded(state or str(worker.get("status")), _STATES)


def requests_table(counts: dict[str, float]) -> Table:
    """Answers on the inference port since the start, probes aside, by class."""
    table = plain_table("Requests", *counts)
    table.add_row(*(f"{count:,.0f}" for count in counts.values()))
    return table


def red_table(rows: Sequence[Red]) -> Table:
    """Rate, errors, median and 99th percentile of the durations, and mean queue time a model."""
    title = "What /metrics says of these requests"
    columns = ("model", "requests", "per second", "errors (5xx)", "p50", "p99", "in queue")
    table = plain_table(title, *columns, folded=("model",))
    for row in rows:
        table.add_row(
            Text(row.model),
            f"{row.requests:,.0f}",
            f"{row.rate:,.0f}",
            f"{row.errors:,.0f}",
            _milliseconds(row.p50_ms),
            _milliseconds(row.p99_ms),
            _milliseconds(row.queue_ms),
        )
    return table


def queue_text(queue: dict[str, Any]) -> str:
    """`waiting / capacity`, where capacity is what waits plus what may still come."""
    waiting, room = queue.get("pendingRequests"), queue.get("remainingCapacity")
    if waiting is None or room is None:
        return "–"
    return f"{waiting} / {waiting + room}"


def mebibytes(count: float) -> str:
    """Bytes as MiB; a dash for none, since a worker without a process has no memory to speak of."""
    return f"{count / 2**20:,.0f} MiB" if count else "–"


def _versioned(model: dict[str, Any]) -> str:
    return f"{model.get('modelName')} {model.get('modelVersion')}"


def _memory(worker: dict[str, Any]) -> str:
    """Its own, and how its GPU is used, as far as that is told."""
    own = mebibytes(worker.get("memoryUsage") or 0)
    if not worker.get("gpu"):
        return own
    usage = _GPU_USAGE.fullmatch(str(worker.get("gpuUsage")))
    return f"{own}\nGPU {usage[1]}: {usage[2]} %\n{int(usage[3]):,} MiB" if usage else f"{own}\nGPU"


def _worded(state: str | None, styles: dict[str, str]) -> Text:
    return Text("–" if state is None else state.replace("_", " "), style=styles.get(state or "", ""))


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} ms"


def _range(low: Any, high: Any) -> str:
    return str(low) if low == high else f"{low}–{high}"
