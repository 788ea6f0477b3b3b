"""Rich tables from the management API's descriptions and the server's counters.

In: decoded answers of `GET /models/{m}/all`, sums of samples of `/metrics`. Out: tables, for `status`, `models describe` and
`demo`. Pure.
"""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table

from servescope.cli.red import Red


def plain_table(title: str, *columns: str) -> Table:
    """Without rows yet; what does not fit into a cell is folded."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def models_table(models: Sequence[dict[str, Any]]) -> Table:
    """A row a model version: workers up and asked for, batching, and its queue."""
    table = plain_table("Models", "model", "version", "workers ready", "asked for", "batch", "delay ms", "queue")
    for model in models:
        workers = model.get("workers", [])
        ready = sum(worker.get("status") == "READY" for worker in workers)
        table.add_row(
            str(model.get("modelName")),
            str(model.get("modelVersion")),
            f"{ready} of {len(workers)}",
            _range(model.get("minWorkers"), model.get("maxWorkers")),
            str(model.get("batchSize")),
            str(model.get("maxBatchDelay")),
            queue_text(model.get("jobQueueStatus") or {}),
        )
    return table


def workers_table(models: Sequence[dict[str, Any]]) -> Table:
    """A row a worker: state, process, memory, device, since when."""
    table = plain_table("Workers", "worker", "model", "state", "pid", "memory", "gpu", "since")
    for model in models:
        for worker in model.get("workers", []):
            table.add_row(
                str(worker.get("id")),
                f"{model.get('modelName')} {model.get('modelVersion')}",
                str(worker.get("status")),
                str(worker.get("pid") or "–"),
                mebibytes(worker.get("memoryUsage") or 0),
                str(worker.get("gpuUsage")) if worker.get("gpu") else "–",
                str(worker.get("startTime")),
            )
    return table


def requests_table(counts: dict[str, float]) -> Table:
    """HTTP answers on all ports since the start, by class."""
    table = plain_table("Requests", *counts)
    table.add_row(*(f"{count:,.0f}" for count in counts.values()))
    return table


def red_table(rows: Sequence[Red]) -> Table:
    """Rate, errors, median and 99th percentile of the durations, and mean queue time a model."""
    title = "What /metrics says of these requests"
    table = plain_table(title, "model", "requests", "per second", "errors (5xx)", "p50", "p99", "in queue")
    for row in rows:
        table.add_row(
            row.model,
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


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} ms"


def _range(low: Any, high: Any) -> str:
    return str(low) if low == high else f"{low}–{high}"
