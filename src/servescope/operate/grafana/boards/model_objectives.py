"""Rows about a model's objectives and its handler's own metrics: in, the form of the histograms; out, rows of `model`."""

from typing import Final

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.metrics.definitions import TORCHSERVE
from servescope.operate.grafana.boards.budget import BUDGET_STEPS, budget_left
from servescope.operate.grafana.narrowed import family, hosts, recorded
from servescope.operate.grafana.panel import Panel, Query, Row, Step
from servescope.operate.promql import Form, max_by, sum_by, topk, unlike

_LINE: Final = "{{model_name}} {{model_version}} {{slo}}"
_LIMITS: Final = Thresholds()
_OURS: Final = ("servescope_.+", "process_.+", "python_.+", "vllm:.+", *(one.name for one in TORCHSERVE))


def rows(form: Form) -> tuple[Row, ...]:
    """The error budget and how fast it burns, then what handlers measure themselves."""
    return (_objectives(form), _handlers())


def _objectives(form: Form) -> Row:
    burn = tuple(
        Query(recorded(form, f"model_slo:servescope_slo_burn:rate{window}").now, f"{_LINE} {window}")
        for window in ("5m", "1h", "6h", "3d")
    )
    missed = recorded(form, "model_slo:servescope_slo_errors:ratio_5m").now
    allowed = recorded(form, "model_slo:servescope_slo_budget:ratio").now
    return Row("Objectives (empty for a model without a section slo; of all servers, whichever are chosen)", (
        Panel("Error budget left", "Of what each objective allows for the time shown, how much is left now. 1 is untouched,"
              " below 0 the objective is missed.", "percentunit", (Query(budget_left(form), _LINE),), kind="stat", width=6,
              below="red", steps=BUDGET_STEPS, empty="no objective"),
        Panel("Burn rate", "How many times faster than it lasts the budget is spent, over windows from 5 minutes to 3 days."
              " Pages at 14.4 over an hour and at 6 over six hours.", "short", burn, width=9,
              steps=(Step(1, "orange"), Step(_LIMITS.burn_rate_6h, "red"))),
        Panel("Missed", "Share of requests that missed each objective, over 5 minutes; the dashed line is what it allows.",
              "percentunit", (Query(missed, _LINE), Query(allowed, f"{_LINE} allowed", limit=True)), width=9),
    ))  # fmt: skip


def _handlers() -> Row:
    made = hosts("servescope_series", unlike("family", "|".join(_OURS)))
    # A family's series begins with what was dropped first, which no increase shows.
    dropped = family("servescope_series_dropped_total").now
    return Row("Custom: what handlers measure", (
        Panel("Handlers' own metrics", "Families that handlers emit by context.metrics or register with prometheus_client,"
              " with how many series each has, of all models of the servers chosen. Ask for them by their names in Explore.",
              "short", (Query(topk(20, max_by(made.now, "family")), "series"),), kind="table", width=12, empty="none"),
        Panel("Folded or dropped", "Updates since the servers' start whose label values became other, or that were left out, and"
              " why: docs/measuring.md says what each reason means.", "short",
              (Query(sum_by(dropped, "family", "reason") > 0, "updates"),), kind="table", width=12, empty="none"),
    ))  # fmt: skip
