"""Rows about a model's workers: in, the form of the histograms; out, the rows that `model` has of them."""

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.grafana import links
from servescope.operate.grafana.narrowed import RATE, RECENT, family, recorded
from servescope.operate.grafana.panel import Panel, Query, Row, Step
from servescope.operate.promql import Form, count_by, max_by, rate, sum_by, sum_gained
from servescope.operate.recordings.autoscaler import LOAD_S

_MODEL = ("model_name", "model_version")
_LINE = "{{model_name}} {{model_version}}"
_EACH = ("instance", "worker")
_WORKER = "{{instance}} {{worker}}"
_LIMITS = Thresholds()


def rows(form: Form) -> tuple[Row, ...]:
    """How many there are and how busy, then what each of them takes."""
    return (_all(form), _each(form))


def _all(form: Form) -> Row:
    restarts = sum_gained(family("servescope_worker_restarts_total"), RECENT, "instance", "reason")
    at_it = max_by(family("servescope_worker_batch_seconds").now, *_EACH)
    busy = max_by(recorded(form, "instance_model:servescope_workers:utilization5m").now, "instance", *_MODEL)
    return Row("Workers", (
        Panel("Workers by state", "Ready and busy ones work. starting for long: loading fails or is slow; failed: given up,"
              " restarts no more. The dashed line is how many there should be.", "short", (
                  Query(sum_by(family("servescope_workers").now, "state"), "{{state}}"),
                  Query(sum_by(family("servescope_workers_min").now), "minimum", limit=True),
              ), kind="stacked", width=6),
        Panel("Busy", "Share of their time in which the workers had a batch, by server. Near 1 the queue is about to grow; a"
              " worker that hangs reads 1.", "percentunit", (Query(busy, f"{{{{instance}}}} {_LINE}"),), top=1, width=6,
              steps=(Step(0.9, "orange"),), links=(links.HOST_OF_LINE,)),
        Panel("At one batch", "For how long each worker has been at the batch in its hands, 0 when idle. A line that climbs second"
              " by second is a worker that hangs, or a very long request.", "s", (Query(at_it, _WORKER),), width=6,
              steps=(Step(_LIMITS.stuck_seconds, "red"),), links=(links.HOST_OF_LINE,)),
        Panel("Restarts", "Workers that ended unasked in the last 5 minutes, by reason. oom: killed for memory; timeout: a batch"
              " took longer than responseTimeout; load_error: the handler raised while loading;"
              " node_lost: a node of a Ray cluster has gone.", "short",
              (Query(restarts, "{{instance}} {{reason}}"),), width=6, steps=(Step(1, "red"),),
              links=(links.HOST_OF_LINE,)),
    ))  # fmt: skip


def _each(form: Form) -> Row:
    cpu = sum_by(rate(family("servescope_worker_cpu_seconds_total"), RATE), *_EACH)
    polling = sum_by(rate(family("servescope_worker_polling_seconds_total"), RATE), *_EACH)
    gpu = sum_by(family("servescope_worker_gpu_memory_bytes").now, *_EACH, "device")
    loading = max_by(recorded(form, LOAD_S).now, *_MODEL)
    nodes = count_by(family("servescope_worker_node_info").now, "node", "host")
    return Row("Each worker", (
        Panel("Memory of each worker", "Resident memory of each worker's process and its children. One that climbs until a"
              " restart is a leak.", "bytes",
              (Query(max_by(family("servescope_worker_memory_bytes").now, *_EACH), _WORKER),)),
        Panel("Processor time of each worker", "Processors' worth of time of each worker. Flat at 1: one thread does all"
              " the work, or looks for its next batch instead of sleeping (worker_busy_poll).", "short",
              (Query(cpu, _WORKER), Query(polling, f"{_WORKER} looks for a batch"))),
        Panel("GPU memory of each worker", "What each worker's process has of each GPU, as the driver says.", "bytes",
              (Query(gpu, f"{_WORKER} GPU {{{{device}}}}"),), empty="no GPU"),
        Panel("Workers by node", "How many workers run on which node of a Ray cluster. One that falls to nothing has gone:"
              " restarts of reason node_lost tell of it.", "short", (Query(nodes, "{{node}} {{host}}"),), kind="stacked", width=12,
              empty="none on Ray"),
        Panel("Loading", "90th percentile, since the server's start, of the time from the decision to start a worker until its"
              " model was loaded, on the slowest server: how long a restart hurts.", "s",
              (Query(loading, _LINE),), width=12, empty="none loaded"),
    ))  # fmt: skip
