"""What whoever gets an alert is told: every template is rendered by promtool, with the values in units that are read at a
glance.
"""

from typing import NamedTuple

import pytest

from operate.alerts.scenario import asked, disk, model, requests, server
from operate.promtool import alerting_rules, counter, gauge, given, needs_promtool, series, steady, verdict
from servescope.metrics.runbook.steps import first_steps
from servescope.operate.discovery import DEFAULT_TARGET

pytestmark = needs_promtool

STEPS = 100
AT = "24m"
OF_MODEL = {"job": "servescope", "model_name": "resnet", "model_version": "1.0"}
OF_INSTANCE = {**OF_MODEL, "instance": "a:8082"}
MISSED = {
    "availability": ("ServescopeAvailabilityBudgetBurns", "were answered with a server error or missed their deadline"),
    "latency": ("ServescopeLatencyBudgetBurns", "took longer than the model's latency_ms"),
    "ttft": ("ServescopeFirstTokenBudgetBurns", "had no first token within the model's ttft_ms"),
    "itl": ("ServescopeTokenPaceBudgetBurns", "took longer than the model's itl_ms from token to token"),
}
WINDOWS = (
    ("1h", "5m", "14.4", "page"),
    ("6h", "30m", "6", "page"),
    ("1d", "2h", "3", "ticket"),
    ("3d", "6h", "1", "ticket"),
)


class Told(NamedTuple):
    """One alert as it arrives."""

    name: str
    severity: str
    role: str
    labels: dict[str, str]
    summary: str
    description: str

    @property
    def expected(self):
        extra = {"role": self.role} if self.role else {}
        return {
            "exp_labels": {"severity": self.severity, **extra, **self.labels},
            "exp_annotations": {
                "summary": self.summary,
                "description": self.description,
                "first_steps": "1. {} 2. {}".format(*first_steps(self.name.lower())),
                "runbook_url": f"http://{self.labels.get('instance', DEFAULT_TARGET)}/runbook#{self.name.lower()}",
            },
        }


def hung():
    """A model that answers nobody: its clients leave, and its worker has been at one batch for a quarter of an hour."""
    labels = model("hung")
    at_it = gauge((900, STEPS))
    left = {**labels, "transport": "rest", "route": "predict"}
    return {
        series("servescope_requests_total", {**left, "code": "499"}): steady(1, STEPS),
        series("servescope_requests_total", {**left, "code": "200"}): steady(0, STEPS),
        series("servescope_worker_batch_seconds", {**labels, "worker": "W"}): at_it,
        series("servescope_in_flight_oldest_seconds", labels): at_it,
        series("servescope_workers", {**labels, "state": "busy"}): gauge((1, STEPS)),
        series("servescope_workers_max", labels): gauge((1, STEPS)),
    }


def broken():
    """A server and a model where everything is wrong at once."""
    labels = model("resnet")
    inputs = {
        **requests("resnet", [(80, STEPS)], [(20, STEPS)]),
        series("servescope_slo_threshold_seconds", {**labels, "slo": "latency"}): gauge((0.25, STEPS)),
        series("servescope_queue_depth", labels): gauge((95, STEPS)),
        series("servescope_queue_capacity", labels): gauge((100, STEPS)),
        series("servescope_queue_oldest_seconds", labels): gauge((95, STEPS)),
        series("servescope_rejected_total", {**labels, "reason": "queue_full"}): steady(5, STEPS),
        series("servescope_workers_min", labels): gauge((3, STEPS)),
        series("servescope_workers_max", labels): gauge((3, STEPS)),
        series("servescope_worker_restarts_total", {**labels, "reason": "exit"}): counter((0, 60), (1, 4), (0, 36)),
        series("servescope_worker_restarts_total", {**labels, "reason": "oom"}): counter((0, 50), (1, 17), (0, 33)),
        series("servescope_models_missing", server("a:8082", model_name="nosuch", reason="not_found")): gauge(
            (1, STEPS)
        ),
        **asked("a:8082", [(3, STEPS)], [(1, STEPS)]),
        **hung(),
        series("servescope_workers", {**labels, "state": "ready"}): gauge((1, 70), (0, 30)),
        series("servescope_llm_kv_cache_usage_ratio", {**labels, "worker": "W"}): gauge((0.975, STEPS)),
        series("servescope_llm_preemptions_total", {**labels, "worker": "W"}): steady(1, STEPS),
        series("MemoryUtilization", server("a:8082", Level="Host")): gauge((93.2, STEPS)),
        **disk("a:8082", 0.94),
        series("up", server("b:8082")): gauge((0, STEPS)),
        **autoscaled(labels),
        series("up", server("c:8082")): " ".join(["1 1 1 1 0"] * (STEPS // 5)),
        series("process_start_time_seconds", server("c:8082")): " ".join(f"{start}x19" for start in range(5)),
        series("servescope_collector_success", server("a:8082", collector="gpu")): gauge((0, STEPS)),
        series("servescope_series_dropped_total", server("a:8082", family="hits")): steady(1, STEPS),
        series("servescope_log_lost_lines_total", server("a:8082", log="stdout")): steady(1, STEPS),
        series("servescope_front_end_restarts_total", server("a:8082", reason="hung")): counter(
            (0, 60), (1, 3), (0, 37)
        ),
        series("servescope_front_end_restarts_total", server("a:8082", reason="died")): counter(
            (0, 80), (1, 1), (0, 19)
        ),
    }
    gpu = server("a:8082", device="0", uuid="GPU-1", name="H100")
    inputs[series("servescope_gpu_memory_used_bytes", gpu)] = gauge((75, STEPS))
    inputs[series("servescope_gpu_memory_total_bytes", gpu)] = gauge((80, STEPS))
    for bound, share in (("0.25", 0.5), ("0.5", 1), ("+Inf", 1)):
        bucket = {**labels, "outcome": "ok", "le": bound}
        inputs[series("servescope_request_duration_seconds_bucket", bucket)] = steady(100 * share, STEPS)
    for slo in MISSED:
        inputs[series("servescope_slo_requests_total", {**labels, "slo": slo})] = steady(100, STEPS)
        inputs[series("servescope_slo_good_total", {**labels, "slo": slo})] = steady(80, STEPS)
        inputs[series("servescope_slo_target_ratio", {**labels, "slo": slo})] = gauge((0.99, STEPS))
    return inputs


def autoscaled(labels):
    """The autoscaler of a model wants more than the maximum and the memory allow, and has lost a number."""
    return {
        series("servescope_autoscaler_mode", {**labels, "mode": "act"}): gauge((1, STEPS)),
        series("servescope_autoscaler_applied_workers", labels): gauge((3, STEPS)),
        series("servescope_autoscaler_withheld_workers", {**labels, "bound": "max"}): gauge((4, STEPS)),
        series("servescope_autoscaler_withheld_workers", {**labels, "bound": "memory"}): gauge((2, STEPS)),
        series("servescope_autoscaler_input_age_seconds", labels): gauge((125, STEPS)),
    }


def burns():
    for slo, (name, missed) in MISSED.items():
        for long, short, rate, severity in WINDOWS:
            yield Told(
                name, severity, "symptom", {**OF_MODEL, "slo": slo, "window": long},
                f"resnet 1.0 spends its error budget for {slo} {rate} times as fast as it lasts",
                f"20% of the requests of resnet 1.0 in the last {long} {missed}. That and the last {short} are above"
                f" {rate} times what its objective allows, or above 95 %.",
            )  # fmt: skip


TOLD = [
    *burns(),
    Told(
        "ServescopeManyErrors", "page", "symptom", OF_MODEL, "resnet 1.0 answers more than 10 % of its requests with 5xx",
        "20% of the requests of resnet 1.0 in the last 5 minutes were answered with a status of 5xx.",
    ),
    Told(
        "ServescopeErrors", "ticket", "symptom", OF_MODEL, "resnet 1.0 answers more than 1 % of its requests with 5xx",
        "20% of the requests of resnet 1.0 in the last 5 minutes were answered with a status of 5xx.",
    ),
    Told(
        "ServescopeSlow", "ticket", "symptom", OF_MODEL,
        "The slowest hundredth of resnet 1.0 takes longer than its latency_ms",
        "The 99th percentile of resnet 1.0 over 5 minutes is 495ms, above the model's latency_ms.",
    ),
    Told(
        "ServescopeClientsGiveUp", "ticket", "symptom", {**OF_MODEL, "model_name": "hung"},
        "More than 5 % of the clients of hung 1.0 get no answer in their time",
        "100% of the requests of hung 1.0 in the last 10 minutes ended without an answer: their clients hung up (499), or"
        " their deadline passed (408).",
    ),
    Told(
        "ServescopeQueueNearlyFull", "ticket", "symptom", OF_INSTANCE,
        "The queue of resnet 1.0 on a:8082 is nearly full",
        "95% of the queue of resnet 1.0 on a:8082 is taken, more than 80 %. Once it is full, requests are refused with 503.",
    ),
    Told(
        "ServescopeQueueStalled", "page", "symptom", OF_INSTANCE,
        "Requests for resnet 1.0 on a:8082 wait and are not taken up",
        "The request at the head of the queue of resnet 1.0 on a:8082 has waited for 1m 35s.",
    ),
    Told(
        "ServescopeRequestsRefused", "page", "symptom", OF_MODEL, "resnet 1.0 refuses more than 1 % of its requests",
        "5% of the requests for resnet 1.0 in the last 5 minutes were refused with 503, as the queue was full or no worker"
        " lives.",
    ),
    Told(
        "ServescopeModelStuck", "page", "cause", {**OF_INSTANCE, "model_name": "hung"},
        "hung 1.0 on a:8082 answers nobody",
        "All workers of hung 1.0 on a:8082 are busy, and nobody was answered for 120 s or longer. The oldest request under way"
        " came 15m 0s ago; its client may be gone.",
    ),
    Told(
        "ServescopeWorkersRestart", "page", "cause", {**OF_INSTANCE, "reason": "exit"},
        "Workers of resnet 1.0 on a:8082 die again and again: exit",
        "Workers of resnet 1.0 on a:8082 were started again 4 times in the last 15 minutes for the reason exit.",
    ),
    Told(
        "ServescopeWorkersRestart", "page", "cause", {**OF_INSTANCE, "reason": "oom"},
        "Workers of resnet 1.0 on a:8082 die again and again: oom",
        "Workers of resnet 1.0 on a:8082 were started again 17 times in the last 15 minutes for the reason oom.",
    ),
    Told(
        "ServescopeModelNotReady", "page", "cause", OF_INSTANCE, "resnet 1.0 on a:8082 has no worker that can work",
        "resnet 1.0 on a:8082 should have workers, and none is ready or busy: it can answer nothing.",
    ),
    Told(
        "ServescopeWorkersMissing", "ticket", "cause", OF_INSTANCE, "resnet 1.0 on a:8082 has fewer workers than it should",
        "resnet 1.0 on a:8082 lacks 2 of the workers that it should have at least.",
    ),
    Told(
        "ServescopeAutoscalerAtMaximum", "ticket", "cause", OF_INSTANCE,
        "resnet 1.0 on a:8082 has as many workers as it may, and needs more",
        "The autoscaler has given resnet 1.0 on a:8082 all 3 workers that its maxWorkers allows. It wants more, or the model"
        " spends an error budget more than 6 times as fast as it lasts.",
    ),
    Told(
        "ServescopeAutoscalerInputStale", "ticket", "", OF_INSTANCE,
        "The autoscaler of resnet 1.0 on a:8082 decides without numbers",
        "For 2m 5s the autoscaler of resnet 1.0 on a:8082 has not had all the numbers that it decides by. Meanwhile it takes no"
        " worker away, and without any numbers it adds none.",
    ),
    Told(
        "ServescopeAutoscalerLacksWorkers", "ticket", "cause", {**OF_INSTANCE, "bound": "memory"},
        "resnet 1.0 on a:8082 does not get the workers that it needs: memory",
        "The autoscaler wants 2 more workers for resnet 1.0 on a:8082 than there are, and they do not come: memory.",
    ),
    Told(
        "ServescopeModelsMissing", "page", "", server("a:8082", model_name="nosuch", reason="not_found"),
        "a:8082 was started with nosuch and does not serve it",
        "The start of a:8082 could not load the model nosuch: not_found. Whoever asks for it gets 404, or 503.",
    ),
    Told(
        "ServescopeUnknownModels", "page", "", server("a:8082"),
        "More than 10 % of the requests to a:8082 are for models that it has not",
        "25% of the predictions that a:8082 was asked for in the last 10 minutes were answered with 404, as there is no such"
        " model or version. Either models are lacking, or clients ask for the wrong ones.",
    ),
    Told(
        "ServescopeKvCacheFull", "ticket", "cause", OF_INSTANCE,
        "The KV cache of resnet 1.0 on a:8082 is full, and requests are preempted",
        "Up to 97.5% of the KV cache of resnet 1.0 on a:8082 was taken in the last 5 minutes, and the engine preempts"
        " requests: their answers pause, and part of their work is done again.",
    ),
    Told(
        "ServescopeGpuMemoryNearlyFull", "ticket", "", server("a:8082", device="0", name="H100"),
        "The memory of GPU 0 of a:8082 is nearly full",
        "93.75% of the memory of GPU 0 of a:8082 (H100) is taken, more than 90 %.",
    ),
    Told(
        "ServescopeMemoryNearlyFull", "page", "", server("a:8082"), "The memory of a:8082 is nearly full",
        "93.2% of the memory that a:8082 may use is taken, more than 90 %. When it is full, the kernel kills a worker, or"
        " the server.",
    ),
    Told(
        "ServescopeDiskNearlyFull", "ticket", "", server("a:8082", mount="/var/log", directories="logs,temporary"),
        "The file system /var/log on a:8082 is nearly full",
        "94% of the file system /var/log on a:8082 is taken, more than 90 %. On it are the server's directories"
        " logs,temporary.",
    ),
    Told(
        "ServescopeTargetDown", "page", "", server("b:8082"), "b:8082 does not answer Prometheus",
        "Prometheus gets no metrics from b:8082: the server is gone, hangs, or cannot be reached. No other alert about it"
        " can fire.",
    ),
    Told(
        "ServescopeScrapesFail", "ticket", "", server("c:8082"),
        "c:8082 does not answer each time that Prometheus asks",
        "c:8082 answered 80.33% of Prometheus' scrapes in the last 15 minutes. It restarts, is too busy, or the network"
        " loses what it says.",
    ),
    Told(
        "ServescopeServerRestarts", "page", "", server("c:8082"), "The server c:8082 ends and is started again and again",
        "The server c:8082 was started 3 times in the last 15 minutes.",
    ),
    Told(
        "ServescopeFrontEndsRestart", "page", "", server("a:8082"), "Front ends of a:8082 die or hang again and again",
        "Front ends of a:8082 were replaced 4 times in the last 15 minutes. What one has in hand then gets no"
        " answer: servescope_front_end_lost_requests_total.",
    ),
    Told(
        "ServescopeCollectorFailing", "ticket", "", server("a:8082", collector="gpu"),
        "The collector gpu of a:8082 fails",
        "The collector gpu of a:8082 fails, so its series are absent, and alerts on them cannot fire.",
    ),
    Told(
        "ServescopeSeriesDropped", "ticket", "", server("a:8082", family="hits"), "a:8082 leaves out series of hits",
        "59 updates of hits on a:8082 in 15 minutes were counted as other or left out; servescope_series_dropped_total says of"
        " which model and why, ts_log.log names it once.",
    ),
    Told(
        "ServescopeLogLinesLost", "ticket", "", server("a:8082", log="stdout"), "a:8082 loses lines of stdout",
        "59 lines of stdout on a:8082 were not written in the last 15 minutes: the disk is full, or nobody reads what the server"
        " prints.",
    ),
    Told(
        "ServescopeNoTargets", "page", "", {"job": "servescope"}, "Prometheus knows of no server",
        "The job servescope has no targets, so no other alert can fire.",
    ),
]  # fmt: skip
NAMES = list(dict.fromkeys(one.name for one in TOLD))


def test_every_alert_is_told_of():
    """The list below has every alert."""
    assert set(NAMES) == {rule["alert"] for rule in alerting_rules()}


def told(names, at):
    return [
        {"eval_time": at, "alertname": name, "exp_alerts": [one.expected for one in TOLD if one.name == name]}
        for name in names
    ]


@pytest.mark.parametrize("gone", [False, True], ids=["broken", "no targets"])
def test_what_is_said(tmp_path, gone):
    """Summary, description and link of each alert, and its labels, which routes and inhibitions go by."""
    special = {"ServescopeWorkersMissing": "17m", "ServescopeNoTargets": ""}
    inputs = {series("up", {"job": "other", "instance": "x"}): gauge((1, STEPS))} if gone else broken()
    names = ["ServescopeNoTargets"] if gone else [name for name in NAMES if name not in special]
    wanted = told(names, AT)
    if not gone:
        wanted += told(["ServescopeWorkersMissing"], "17m")
    rules = [rule for rule in alerting_rules(bare=False) if gone == (rule["alert"] == "ServescopeNoTargets")]
    test = {**given("15s", inputs, []), "alert_rule_test": wanted}
    assert verdict(tmp_path, test, rules) == ""


def test_hostile_names_and_no_instance(tmp_path):
    """A name is told as it is, whatever stands in it; where relabelling took `instance` away the link leads to a server still."""
    name = """<b>"{{ $value }}" {{ template "x" }}</b> it's {0} \\"""
    labels = {"job": "servescope", "model_name": name, "model_version": "1.0"}
    inputs = {
        series("servescope_workers", {**labels, "state": "ready"}): gauge((0, STEPS)),
        series("servescope_workers_min", labels): gauge((1, STEPS)),
    }
    told_of = Told(
        "ServescopeModelNotReady", "page", "cause", labels, f"{name} 1.0 on a server has no worker that can work",
        f"{name} 1.0 on a server should have workers, and none is ready or busy: it can answer nothing.",
    )  # fmt: skip
    rules = [rule for rule in alerting_rules(bare=False) if rule["alert"] == told_of.name]
    wanted = [{"eval_time": AT, "alertname": told_of.name, "exp_alerts": [told_of.expected]}]
    assert verdict(tmp_path, {**given("15s", inputs, []), "alert_rule_test": wanted}, rules) == ""
