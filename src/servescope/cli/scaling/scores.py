"""A comparison of policies as a table: in, scores; out, what Rich draws. Made by `simulate`."""

from rich.table import Table

from servescope.autoscaler.simulator.compare import Comparison
from servescope.cli.tables import plain_table


def scores_table(comparison: Comparison, title: str) -> Table:
    """A policy a row; it fits into 80 columns."""
    table = plain_table(title, "policy", "worker-seconds", "× perfect", "inside", "p99", "changes")
    for column in table.columns[1:]:
        column.justify = "right"
    for score in comparison.scores:
        table.add_row(
            score.name,
            f"{score.worker_seconds:,.0f}",
            f"{score.over_perfect:.2f}",
            f"{100 * score.inside:.2f} %",
            f"{score.p99_ms:,.0f} ms",
            str(score.changes),
        )
    return table


def remark(comparison: Comparison) -> str:
    """How near to the best that there can be the perfect pool is."""
    above = 100 * (comparison.perfect_s / comparison.bound_s - 1)
    return (
        "perfect knows the future. Its schedule is not the best that there is, but costs no more than"
        f" {above:.1f} % above what no pool can do with less than: {comparison.bound_s:,.0f} worker-seconds."
    )
