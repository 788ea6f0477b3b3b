"""The board on TorchServe's metric names: in, nothing; out, a `Board` for those who come from there.

Called by `files`. It asks for none of this project's own families, so it shows a TorchServe just as well, in whichever
`metrics_mode` has these on /metrics.
"""

from servescope.operate.grafana import links
from servescope.operate.grafana.board import Board
from servescope.operate.grafana.narrowed import RATE, family
from servescope.operate.grafana.panel import Panel, Query, Row, Step
from servescope.operate.grafana.variables import model_variables
from servescope.operate.promql import Expression, max_by, rate, sum_by

_REQUESTS = ("Requests2XX", "Requests4XX", "Requests5XX")
_MODEL = "{{model_name}} {{model_version}}"
_HOST = "{{instance}}"
_FULL = (Step(80, "orange"), Step(90, "red"))


def torchserve_board() -> Board:
    """Requests, times and machines by the names that TorchServe gave them."""
    return Board(
        uid=links.TORCHSERVE,
        title="Servescope: TorchServe's metrics",
        description="The metrics that TorchServe had, by their names: for boards and habits that come from there.",
        variables=model_variables("ts_inference_requests_total"),
        rows=(_requests(), _times(), _machine(), _gpus()),
    )


def _requests() -> Row:
    classes = tuple(
        Query(sum_by(rate(family(name), RATE)), f"{name.removeprefix('Requests').lower()}") for name in _REQUESTS
    )
    bad = sum_by(rate(family("Requests5XX"), RATE), "instance")
    every = _rate("Requests2XX", "instance") + _rate("Requests4XX", "instance") + bad
    return Row("Requests", (
        Panel("Answers by class", "Requests2XX, 4XX and 5XX: answers a second on all three ports, management and scrapes"
              " included. Read the height of 5xx against the whole.", "reqps", classes, kind="stacked"),
        Panel("Share of 5xx", "Requests5XX of all answers, by server. Above 0 somebody was not served; NaN where nothing"
              " was answered.", "percentunit", (Query(bad / every, _HOST),), steps=(Step(0.01, "red"),)),
        Panel("Predictions asked for", "ts_inference_requests_total: requests a second to each model, counted before they"
              " queue, so rejected ones are in it. The version is the one in the URL, or default.", "reqps",
              (Query(_rate("ts_inference_requests_total", "model_name", "model_version"), _MODEL),)),
    ))  # fmt: skip


def _times() -> Row:
    return Row("Times", (
        Panel("Mean latency", "ts_inference_latency_microseconds a request: from its arrival to its handler's answer. A mean"
              " hides the slow ones; the board of a model has quantiles.", "µs",
              (Query(_each("ts_inference_latency_microseconds"), _MODEL),)),
        Panel("Mean wait in the queue", "ts_queue_latency_microseconds a request: how much of the latency was waiting for a"
              " worker. Where it is most of it, workers are too few or too slow.", "µs",
              (Query(_each("ts_queue_latency_microseconds"), _MODEL),)),
        Panel("QueueTime", "Wait of the request that was answered last, of whichever model. A gauge that the next request"
              " overwrites: a glimpse, no statistic.", "ms", (_now("QueueTime"),)),
        Panel("HandlerTime", "Time of the last batch in a BaseHandler's handle method, by model.", "ms",
              (_now("HandlerTime", "ModelName"),)),
        Panel("PredictionTime", "Time of the last batch in the handler's entry point, by model: more than HandlerTime by"
              " what the entry point does around it.", "ms", (_now("PredictionTime", "ModelName"),)),
        Panel("WorkerThreadTime", "Time that the front end spent on the last command to a worker, the worker's own time"
              " aside. Some milliseconds; more says that the front end is busy.", "ms", (_now("WorkerThreadTime"),)),
        Panel("WorkerLoadTime", "What the last load of each worker took. New points are restarts, or models registered.",
              "ms", (_now("WorkerLoadTime", "WorkerName"),), width=24),
    ))  # fmt: skip


def _machine() -> Row:
    return Row("Machine", (
        Panel("CPUUtilization", "Share of the host's processor time that was not idle; in a container still the host's.",
              "percent", (_now("CPUUtilization"),), top=100, steps=_FULL, width=6),
        Panel("MemoryUtilization", "Used share of the host's memory; in a container still the host's.",
              "percent", (_now("MemoryUtilization"),), top=100, steps=_FULL, width=6),
        Panel("MemoryUsed and MemoryAvailable", "The host's memory in mebibytes: what is taken, and what processes could"
              " still get without swapping.", "mbytes", (
                  Query(max_by(family("MemoryUsed").now, "instance"), f"{_HOST} used"),
                  Query(max_by(family("MemoryAvailable").now, "instance"), f"{_HOST} available"),
              ), width=6),
        Panel("DiskUtilization", "Used share of the root file system, of what unprivileged users can have.",
              "percent", (_now("DiskUtilization"),), top=100, steps=_FULL, width=6),
        Panel("DiskUsage and DiskAvailable", "The root file system in gibibytes. Logs and models are what grows.", "gbytes", (
                  Query(max_by(family("DiskUsage").now, "instance"), f"{_HOST} used"),
                  Query(max_by(family("DiskAvailable").now, "instance"), f"{_HOST} available"),
              ), width=24),
    ))  # fmt: skip


def _gpus() -> Row:
    return Row("GPUs (empty without one)", (
        Panel("GPUUtilization", "Share of NVML's last sampling period in which a kernel ran. 100 does not mean that the GPU"
              " is full.", "percent", (_now("GPUUtilization", "DeviceId"),), top=100),
        Panel("GPUMemoryUtilization", "Used share of each GPU's memory, by whatever process.", "percent",
              (_now("GPUMemoryUtilization", "DeviceId"),), top=100, steps=_FULL),
        Panel("GPUMemoryUsed", "Used memory of each GPU in mebibytes, by whatever process.", "mbytes",
              (_now("GPUMemoryUsed", "DeviceId"),)),
    ))  # fmt: skip


def _rate(name: str, *labels: str) -> Expression:
    return sum_by(rate(family(name), RATE), *labels)


def _each(name: str) -> Expression:
    by_model = ("model_name", "model_version")
    return _rate(name, *by_model) / _rate("ts_inference_requests_total", *by_model)


def _now(name: str, *labels: str) -> Query:
    """The gauge by server, and by these labels."""
    legend = " ".join(f"{{{{{label}}}}}" for label in ("instance", *labels))
    return Query(max_by(family(name).now, "instance", *labels), legend)
