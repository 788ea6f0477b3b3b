"""The board of a model: in, the form of the histograms; out, a `Board` that says where its time, room and budget go.

Called by `files`. The rows of its workers, autoscaler and objectives are in files of their own beside it.
"""

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.grafana import links
from servescope.operate.grafana.alerts import BY_MODEL
from servescope.operate.grafana.board import Board
from servescope.operate.grafana.boards import model_autoscaler, model_objectives, model_workers
from servescope.operate.grafana.boards.distribution import distribution
from servescope.operate.grafana.narrowed import RATE, family, recorded
from servescope.operate.grafana.panel import Panel, Query, Row, Step
from servescope.operate.grafana.percentiles import durations
from servescope.operate.grafana.variables import model_variables
from servescope.operate.promql import (
    Form,
    equal,
    like,
    max_by,
    mean,
    quantile,
    rate,
    ratio,
    sum_by,
    sum_rate,
    unlike,
)

_MODEL = ("model_name", "model_version")
_LINE = "{{model_name}} {{model_version}}"
_LIMITS = Thresholds()


def model_board(form: Form) -> Board:
    """Requests, stages, a workflow's nodes, batches and queue, workers, the autoscaler, objectives, sizes."""
    return Board(
        uid=links.MODEL,
        title="Servescope: model",
        description="Where a model's time goes, what it refuses, how its workers do, and what is left of its error budget.",
        variables=model_variables("servescope_model_info"),
        rows=(
            _requests(form), _stages(form), _nodes(form), _queue(form), *model_workers.rows(form), model_autoscaler.row(form),
            *model_objectives.rows(form), _sizes(form),
        ),
        alerts=BY_MODEL,
        quantile=True,
        since="now-3h",
    )  # fmt: skip


def _requests(form: Form) -> Row:
    codes = recorded(form, "instance_model_code:servescope_requests:rate5m")
    failed = ratio(sum_by(codes.where(like("code", "5..")).now, *_MODEL), sum_by(codes.now, *_MODEL))
    limit = max_by(family("servescope_slo_threshold_seconds", equal("slo", "latency")).now, *_MODEL)
    answered = family("servescope_request_duration_seconds", equal("outcome", "ok"))
    return Row("Requests", (
        Panel("Rate by code", "Answers a second, over 5 minutes. 499: the client hung up; 503: refused, or the handler raised;"
              " 500: a worker ended or took too long; 507: out of memory.", "reqps",
              (Query(sum_by(codes.now, "code"), "{{code}}"),), kind="stacked"),
        Panel("Errors", "Share of answers with 5xx, rejections among them. NaN where nobody asked.",
              "percentunit", (Query(failed, _LINE),),
              steps=(Step(_LIMITS.error_ratio_ticket, "orange"), Step(_LIMITS.error_ratio_page, "red"))),
        Panel("Duration", "Median, 90th and 99th percentile of answers without an error, over 5 minutes; the dashed line is"
              " the model's latency_ms.", "s", (
                  *(Query(durations(form, share, *_MODEL), f"{_LINE} p{round(100 * share)}") for share in (0.5, 0.9, 0.99)),
                  Query(limit, f"{_LINE} latency_ms", limit=True),
              )),
        Panel("Durations, one by one", "How many answers a second took how long, those without an error. A dot is one"
              " request: click it for its trace. Two bands are two kinds of requests.", "s",
              (distribution(answered, form, exemplars=True),), kind="heatmap", width=24, height=10),
    ))  # fmt: skip


def _stages(form: Form) -> Row:
    stages = recorded(form, "instance_model_stage:servescope_request_stage_seconds:busy5m")
    requests = sum_by(recorded(form, "instance_model_code:servescope_requests:rate5m").now)
    each = sum_by(stages.now, "stage").join("/", requests, on=(), group_left=())
    share = sum_by(stages.now, "stage").join("/", sum_by(stages.now), on=(), group_left=())
    slow = quantile("$quantile", family("servescope_request_stage_seconds"), RATE, ("stage",), form)
    return Row("Where the time goes", (
        Panel("Mean time in each stage", "A request's mean duration, cut up without a gap. queue: more workers; batch_wait: a"
              " shorter maxBatchDelay; dispatch: no processor left, or large bodies; handler, preprocess, inference and"
              " postprocess: the model; respond: the front end, or slow readers.", "s",
              (Query(each, "{{stage}}"),), kind="stacked"),
        Panel("Share of each stage", "The same as shares of all the time: what to look at first.", "percentunit",
              (Query(share, "{{stage}}"),), kind="stacked", top=1),
        Panel("Slow in each stage", "The chosen quantile of each stage by itself. They do not add up: the requests that are"
              " slow in one are not those that are slow in another.", "s", (Query(slow, "{{stage}}"),)),
    ))  # fmt: skip


def _nodes(form: Form) -> Row:
    nodes = family("servescope_workflow_node_seconds")
    failed = family("servescope_workflow_node_attempts_total", unlike("outcome", "ok"))
    slow = quantile("$quantile", nodes, RATE, ("node",), form)
    return Row("Nodes (empty for a model that is no workflow)", (
        Panel("Time in each node", "Seconds a second that answers of a workflow waited for each of its nodes: together, the"
              " requests that are under way on average. A node that ran beside a slower one has none. What is largest is worth"
              " making faster; what it does with its time is on the board of its model, WORKFLOW__NODE.", "s",
              (Query(sum_rate(nodes, RATE, ("node",), form), "{{node}}"),), kind="stacked"),
        Panel("Slow in each node", "The chosen quantile of each node by itself, of the requests that waited for it.", "s",
              (Query(slow, "{{node}}"),)),
        Panel("Attempts without an answer", "A second, by node. failed: the model did not answer; timeout: not within timeout-ms;"
              " cancelled: another node failed, or the client hung up. What is asked again and answered then, clients do not see.",
              "reqps", (Query(sum_by(rate(failed, RATE), "node", "outcome"), "{{node}} {{outcome}}"),), kind="stacked"),
    ))  # fmt: skip


def _queue(form: Form) -> Row:
    refused = sum_by(recorded(form, "instance_model_reason:servescope_rejected:rate5m").now, "reason")
    batches = family("servescope_batch_size")
    return Row("Queue and batches", (
        Panel("Queue", "Requests that wait for a worker, and as a dashed line how many may: beyond it they are refused.", "short", (
                  Query(sum_by(family("servescope_queue_depth").now, *_MODEL), f"{_LINE} waiting"),
                  Query(sum_by(family("servescope_requests_in_flight").now, *_MODEL), f"{_LINE} in flight"),
                  Query(sum_by(family("servescope_queue_capacity").now, *_MODEL), f"{_LINE} room", limit=True),
              ), width=6),
        Panel("Oldest request", "Age of the request that waits longest in the queue, and of the oldest under way, a worker's"
              " included. It climbs second by second while nobody is answered, which no finished request would show.", "s", (
                  Query(max_by(family("servescope_queue_oldest_seconds").now, *_MODEL), f"{_LINE} in the queue"),
                  Query(max_by(family("servescope_in_flight_oldest_seconds").now, *_MODEL), f"{_LINE} under way"),
              ), width=6, steps=(Step(_LIMITS.queue_stalled_seconds, "red"),)),
        Panel("Refused", "Requests a second that were refused, by reason. queue_full: more workers, or a larger queue;"
              " no_worker: look at restarts; deadline: clients wait less than it takes.", "reqps",
              (Query(refused, "{{reason}}"),), kind="stacked", width=6),
        Panel("Mean batch size", "Requests in a batch. Near 1 batching buys nothing, and batch_wait is lost.", "short",
              (Query(mean(batches, RATE, _MODEL, form), _LINE),), width=6),
        Panel("Batch sizes", "How many batches a second had how many requests: what the mean hides.", "short",
              (distribution(batches, form),), kind="heatmap", width=24),
    ))  # fmt: skip


def _sizes(form: Form) -> Row:
    panels = (
        Panel(title, f"Median and chosen quantile of the {words}. A jump in durations that comes with one here is the clients'.",
              "bytes", (
                  Query(quantile(0.5, family(name), RATE, _MODEL, form), f"{_LINE} median"),
                  Query(quantile("$quantile", family(name), RATE, _MODEL, form), f"{_LINE} p$quantile"),
              ), width=12)
        for name, title, words in (
            ("servescope_request_bytes", "Requests' sizes", "requests' bodies"),
            ("servescope_response_bytes", "Answers' sizes", "answers' bodies, errors included"),
        )
    )  # fmt: skip
    return Row("Sizes", tuple(panels))
