"""The board of the whole fleet: in, the form of the histograms; out, a `Board` after RED.

Called by `files`. One row a model, one line a model or server; whatever stands out is a link to its own board. It reads
what the rules record, so that 200 models cost it no more than they cost the rules.
"""

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.grafana import links
from servescope.operate.grafana.alerts import BY_MODEL, firing
from servescope.operate.grafana.board import Board
from servescope.operate.grafana.boards.budget import BUDGET_STEPS, budget_left
from servescope.operate.grafana.narrowed import family, recorded
from servescope.operate.grafana.panel import Panel, Query, Row, Step
from servescope.operate.grafana.percentiles import durations
from servescope.operate.grafana.variables import model_variables
from servescope.operate.promql import Expression, Form, count_by, like, max_by, min_by, ratio, sum_by

_MODEL = ("model_name", "model_version")
_LINE = "{{model_name}} {{model_version}}"
_HOST = "{{instance}}"
_LIMITS = Thresholds()
_ERRORS = (Step(_LIMITS.error_ratio_ticket, "orange"), Step(_LIMITS.error_ratio_page, "red"))
_FILL = (Step(_LIMITS.queue_fill_ratio, "red"),)


def overview_board(form: Form) -> Board:
    """Rate, errors and durations of every model and server."""
    return Board(
        uid=links.OVERVIEW,
        title="Servescope: fleet",
        description="Which model or server is in trouble: rate, errors, durations, queues and error budgets of all.",
        variables=model_variables("servescope_model_info"),
        rows=(_now(form), _table(form), _models(form), _durations(form), _saturation(form), _servers(form)),
        alerts=BY_MODEL,
        quantile=True,
    )


def _now(form: Form) -> Row:
    alerts = count_by(firing(*BY_MODEL).now)
    ready = sum_by(family("servescope_workers", like("state", "ready|busy|asleep|waking")).now)
    return Row("Now", (
        Panel("Alerts firing", "Servescope's alerts that fire, of the models chosen and of machines. Above 0: open"
              " Alertmanager, each has a runbook.", "short", (Query(alerts, "firing"),), kind="stat", width=4, height=4,
              steps=(Step(1, "red"),), empty="0"),
        Panel("Rate now", "Answers a second of all models chosen, over 5 minutes.", "reqps",
              (Query(_requests(form), "requests"),), kind="stat", width=4, height=4),
        Panel("Failed now", "Share of 5xx in the last 5 minutes. NaN where nobody asked.", "percentunit",
              (Query(ratio(_failed(form), _requests(form)), "failed"),), kind="stat", width=4, height=4, steps=_ERRORS),
        Panel("Duration now", "The chosen quantile over all models and servers chosen, of answers without an error.", "s",
              (Query(durations(form, "$quantile"), "p$quantile"),), kind="stat", width=4, height=4),
        Panel("In flight now", "Requests that are accepted and have no answer yet.", "short",
              (Query(sum_by(family("servescope_requests_in_flight").now), "in flight"),), kind="stat", width=4, height=4),
        Panel("Workers that can work", "Workers that are ready or busy, or that a request starts (asleep, waking), of all models"
              " chosen. 0: nobody is served.", "short",
              (Query(ready, "workers"),), kind="stat", width=4, height=4, below="red", steps=(Step(1, "green"),)),
    ))  # fmt: skip


def _table(form: Form) -> Row:
    left = min_by(budget_left(form), *_MODEL)
    return Row("Models", (
        Panel("Models", "A row a model and version; its name opens its board. Budget left is the least of its objectives',"
              " for the time shown: 1 is untouched, below 0 the objective is missed. Quantiles are of answers without an"
              " error, NaN where there were none.", "short", (
                  Query(_requests(form, *_MODEL), "requests", "reqps"),
                  Query(ratio(_failed(form, *_MODEL), _requests(form, *_MODEL)), "failed", "percentunit"),
                  Query(durations(form, 0.5, *_MODEL), "p50", "s"),
                  Query(durations(form, 0.9, *_MODEL), "p90", "s"),
                  Query(durations(form, 0.99, *_MODEL), "p99", "s"),
                  Query(sum_by(family("servescope_requests_in_flight").now, *_MODEL), "in flight"),
                  Query(sum_by(family("servescope_queue_depth").now, *_MODEL), "queued"),
                  Query(max_by(recorded(form, "instance_model:servescope_workers:utilization5m").now, *_MODEL),
                        "workers busy", "percentunit"),
                  Query(left, "budget left", "percentunit"),
              ), kind="table", width=24, height=10, links=(links.MODEL_OF_ROW,)),
    ))  # fmt: skip


def _models(form: Form) -> Row:
    failed = ratio(_failed(form, *_MODEL), _requests(form, *_MODEL))
    return Row("Rate and errors of models", (
        Panel("Rate by model", "Answers a second by model, over 5 minutes. A line that falls to 0 at once is a client that is gone,"
              " or a model that answers nobody.", "reqps", (Query(_requests(form, *_MODEL), _LINE),),
              links=(links.MODEL_OF_LINE,)),
        Panel("Errors by model", "Share of 5xx by model. Rejections are in it (503), the clients' own errors are not.",
              "percentunit", (Query(failed, _LINE),), steps=_ERRORS, links=(links.MODEL_OF_LINE,)),
        Panel("Error budget left", "Of what each objective allows for the time shown, how much is left. 1 is untouched; at 0"
              " the objective is just met, below it is missed. The steeper, the worse.", "percentunit",
              (Query(budget_left(form), f"{_LINE} {{{{slo}}}}"),), below="red", steps=BUDGET_STEPS,
              links=(links.MODEL_OF_LINE,)),
    ))  # fmt: skip


def _durations(form: Form) -> Row:
    panels = (
        Panel(f"Duration, {words}", f"{words} of answers without an error by model, over 5 minutes and all servers, whichever"
              " are chosen. True to the bucket that it lies in.", "s",
              (Query(recorded(form, f"model:servescope_request_duration_seconds:{name}_5m").now, _LINE),),
              links=(links.MODEL_OF_LINE,))
        for name, words in (("p50", "median"), ("p90", "90th percentile"), ("p99", "99th percentile"))
    )  # fmt: skip
    return Row("Durations of models", tuple(panels))


def _saturation(form: Form) -> Row:
    refused = sum_by(recorded(form, "instance_model_reason:servescope_rejected:rate5m").now, *_MODEL, "reason")
    busy = max_by(recorded(form, "instance_model:servescope_workers:utilization5m").now, *_MODEL)
    full = max_by(recorded(form, "instance_model:servescope_queue:fill_ratio").now, *_MODEL)
    return Row("How full models are", (
        Panel("In flight by model", "Requests that are accepted and have no answer yet.", "short",
              (Query(sum_by(family("servescope_requests_in_flight").now, *_MODEL), _LINE),), width=6,
              links=(links.MODEL_OF_LINE,)),
        Panel("Queue by model", "Share of the model's queue that is taken, on the server where it is fullest. At 1 requests are"
              " refused.", "percentunit", (Query(full, _LINE),), width=6, top=1, steps=_FILL, links=(links.MODEL_OF_LINE,)),
        Panel("Workers busy by model", "Share of their time in which the workers had a batch, on the busiest server. Near 1 the"
              " queue is about to grow.", "percentunit", (Query(busy, _LINE),), width=6, top=1, steps=(Step(0.9, "orange"),),
              links=(links.MODEL_OF_LINE,)),
        Panel("Refused by model", "Requests a second that were refused, by model and reason. queue_full: more workers; no_worker:"
              " look at their restarts.", "reqps", (Query(refused, f"{_LINE} {{{{reason}}}}"),), width=6,
              links=(links.MODEL_OF_LINE,)),
    ))  # fmt: skip


def _servers(form: Form) -> Row:
    failed = ratio(_failed(form, "instance"), _requests(form, "instance"))
    return Row("Servers", (
        Panel("Rate by server", "Answers a second by server. Servers behind one balancer should lie together.", "reqps",
              (Query(_requests(form, "instance"), _HOST),), width=6, links=(links.HOST_OF_LINE,)),
        Panel("Errors by server", "Share of 5xx by server. One line apart from the others is that server, all lines together"
              " are a model.", "percentunit", (Query(failed, _HOST),), width=6, steps=_ERRORS, links=(links.HOST_OF_LINE,)),
        Panel("Duration by server", "The chosen quantile of answers without an error, by server.", "s",
              (Query(durations(form, "$quantile", "instance"), _HOST),), width=6, links=(links.HOST_OF_LINE,)),
        Panel("In flight by server", "Requests that are accepted and have no answer yet, by server.", "short",
              (Query(sum_by(family("servescope_requests_in_flight").now, "instance"), _HOST),), width=6,
              links=(links.HOST_OF_LINE,)),
    ))  # fmt: skip


def _requests(form: Form, *by: str) -> Expression:
    return sum_by(recorded(form, "instance_model_code:servescope_requests:rate5m").now, *by)


def _failed(form: Form, *by: str) -> Expression:
    """0, not nothing, for what never failed: codes that have not occurred have no series but the most common ones."""
    return sum_by(recorded(form, "instance_model_code:servescope_requests:rate5m", like("code", "5..")).now, *by)
