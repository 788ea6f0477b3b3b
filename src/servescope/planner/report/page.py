"""The page: in, a `Plan` and its rows as the table has them; out, HTML. Pure; called by `cli.planning.command`."""

from collections.abc import Sequence
from html import escape

from servescope.planner.plan.plan import Plan
from servescope.planner.report.chart import Chart, draw

_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --blue: #0072b2; --orange: #d55e00; --grey: #777 }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --paper: #161616; --blue: #56b4e9; --orange: #e69f00; --grey: #999 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 44rem; margin: 2rem auto;
padding: 0 1rem }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top }
svg { width: 100% } svg text { font: 12px system-ui, sans-serif; fill: var(--ink) } svg circle { fill: var(--blue) }
svg path { fill: none; stroke: var(--ink) } svg .line { stroke: var(--blue); stroke-width: 2 } svg .bar { stroke: var(--blue);
stroke-width: 2 }
svg .level { stroke: var(--orange); stroke-dasharray: 6 4 } svg .mark { stroke: var(--grey); stroke-dasharray: 2 3 }
"""


def page(plan: Plan, rows: Sequence[tuple[str, str]]) -> str:
    """One file, light or dark as the system is, with a table behind every chart."""
    title = f"Plan for {plan.model}: {plan.rps:g} requests/s, {plan.objective}"
    parts = [f"<h1>{escape(title)}</h1>", _table(("what", "figure"), rows)]
    parts += [f"<p>Note: {escape(remark)}.</p>" for remark in plan.remarks]
    parts += _late(plan) + _counts(plan)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head><body>{"".join(parts)}</body></html>\n'


def _late(plan: Plan) -> list[str]:
    """The loads at the last count, each a dot."""
    if not plan.loads or plan.edge is None:
        return []
    count = plan.loads[-1].workers
    loads = sorted((one for one in plan.loads if one.workers == count), key=lambda one: one.rate)
    chart = Chart(
        f"Late requests by rate, {count} worker{'s' * (count > 1)}",
        "requests a second",
        "late, %",
        dots=[(one.rate, 100 * one.late_share) for one in loads],
        level=100 * (1 - plan.share),
        bound=f"as many may be late: {100 * (1 - plan.share):.3g} %",
        marks=[(plan.edge.rate, f"edge {plan.edge.rate:.3g}")],
    )
    rows = [(f"{one.rate:.3g}", f"{one.requests}", f"{100 * one.late_share:.2f} %") for one in loads]
    return [f"<h2>{chart.title}</h2>", draw(chart), _details(("requests/s", "requests", "late"), rows)]


def _counts(plan: Plan) -> list[str]:
    """What was measured, and the law through it."""
    if plan.law is None:
        return []
    most = max(2 * max(one.workers for one in plan.points), min(plan.workers_per_machine or 1, 64))
    counts = sorted({max(1, round(1 + (most - 1) * step / 40)) for step in range(41)})
    finite = [one for one in plan.points if one.edge.high < float("inf")]
    chart = Chart(
        "Requests a second by workers",
        "workers",
        "requests a second",
        dots=[(one.workers, one.edge.rate) for one in plan.points],
        line=[(count, plan.law.rate(count)) for count in counts],
        bars=[(one.workers, one.edge.low, one.edge.high) for one in finite],
        counts=True,
    )
    rows = [(str(count), f"{plan.law.rate(count):.3g}", f"{plan.law.ceiling(count):.3g}") for count in counts]
    return [f"<h2>{chart.title}</h2>", draw(chart), _details(("workers", "within the objective", "never idle"), rows)]


def _details(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f"<details><summary>The numbers</summary>{_table(heads, rows)}</details>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(one)}</td>" for one in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"
