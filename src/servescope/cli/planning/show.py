"""A plan for a person: in, a `Plan`; out, Rich tables and text to paste. Called by `command`."""

import math
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from servescope.cli.tables import mebibytes, plain_table
from servescope.errors import ConfigurationError
from servescope.planner.plan.plan import Plan
from servescope.planner.report.page import page


def shown(plan: Plan) -> RenderableType:
    """The plan; what comes nearest where there is none."""
    parts: list[RenderableType] = [_figures(plan)]
    if len(plan.points) > 1:
        parts.append(_points(plan))
    if plan.batches:
        parts.append(_batches(plan))
    parts += [Text(f"Note: {remark}.") for remark in plan.remarks]
    if plan.workers is None:  # then there is nothing to paste
        return Group(*parts)
    sections = (
        ("model-config.yaml", {**plan.autoscale, "slo": plan.slo}),
        ("thresholds.yml, for servescope prometheus", plan.thresholds),
    )
    return Group(*parts, *(Text(f"\n# {where}\n{_yaml(values)}", end="") for where, values in sections))


def write_page(plan: Plan, file: Path) -> None:
    """The HTML page. Raises ConfigurationError where it cannot be written."""
    try:
        file.write_text(page(plan, rows_of(plan)), "utf-8")
    except OSError as error:
        raise ConfigurationError(f"--html {str(file)!r} cannot be written: {error.strerror}") from error


def show(plan: Plan) -> None:
    """On standard output."""
    Console(highlight=False, soft_wrap=True).print(shown(plan))


def _figures(plan: Plan) -> Table:
    table = plain_table(
        f"Plan for {plan.model}: {plan.rps:g} requests/s, {plan.objective}", "what", "figure", folded=("figure",)
    )
    for what, figure in rows_of(plan):
        table.add_row(what, Text(figure))
    return table


def rows_of(plan: Plan) -> list[tuple[str, str]]:
    """What and figure, in the order of their weight."""
    limit = f"{plan.limit.name}: {plan.limit.why}"
    if plan.nearest is not None:
        return [("verdict", "nothing keeps this objective"), ("nearest", plan.nearest), ("limit", limit)]
    if plan.goodput_per_worker is None:
        low, _ = plan.goodput_per_worker_interval
        least = f"{low:.3g} requests/s a worker kept the objective" if low else "no load kept the objective"
        return [("verdict", "not known: this client was the limit"), ("at least", least), ("limit", limit)]
    sure = ", 95 %" if plan.edge is None or plan.edge.by == "line" else ", kept and broken"
    span = span_text(*plan.goodput_per_worker_interval)
    rows = [("goodput a worker", f"{plan.goodput_per_worker:.3g} requests/s ({span}{sure})")]
    if plan.tokens_per_second is not None:
        rows.append(("tokens at the edge", f"{plan.tokens_per_second:.3g} tokens/s"))
    if plan.batch_size is not None:
        rows.append(("batch size", f"{plan.batch_size}, the best of {len(plan.batches)}"))
    rows += [
        ("limit", limit),
        ("knee", _knee(plan.knee)),
        ("workers", f"{plan.workers}: {plan.workers_per_machine} on each machine"),
        ("machines", f"{plan.machines}, each good for {plan.machine_rate:.3g} requests/s"),
    ]
    if plan.memory_bytes:
        rows.append(("memory", f"{mebibytes(plan.memory_bytes)} a machine, for its workers"))
    if plan.cost is not None:
        rows.append(("cost", f"{plan.cost:,.2f} an hour, {plan.cost * 730:,.2f} a month"))
    return rows


def span_text(low: float, high: float | None) -> str:
    """`9.2 to 12.9`; `from 9.2 on` where the interval is open."""
    return f"from {low:.3g} on" if high is None or math.isinf(high) else f"{low:.3g} to {high:.3g}"


def _knee(knee: dict[str, Any]) -> str:
    if knee["workers"] is None:
        return "none seen"
    return f"{knee['workers']} workers ({knee['rate']:.3g} requests/s): the next adds less than half of the first"


def _points(plan: Plan) -> Table:
    table = plain_table("Measured", "workers", "requests/s", "interval", "never idle", "law")
    for point in plan.points:
        edge = point.edge
        ceiling = "–" if point.ceiling is None else f"{point.ceiling:.3g}"
        law = "–" if plan.law is None else f"{plan.law.rate(point.workers):.3g}"
        table.add_row(str(point.workers), f"{edge.rate:.3g}", span_text(edge.low, edge.high), ceiling, law)
    return table


def _batches(plan: Plan) -> Table:
    table = plain_table("Batch sizes", "size", "requests/s a worker", "interval")
    for one in plan.batches:
        rate = "not known" if one.goodput_per_worker is None else f"{one.goodput_per_worker:.3g}"
        table.add_row(str(one.size), rate, span_text(*one.goodput_per_worker_interval))
    return table


def _yaml(values: dict[str, Any]) -> str:
    return yaml.safe_dump(values, sort_keys=False)
