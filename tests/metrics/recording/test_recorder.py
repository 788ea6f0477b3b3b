"""The write API: what each call counts, and how long a model's series live."""

import pytest

from clock import Clock
from metrics.answers import answer
from metrics.series import series
from servescope.config.model.objectives import Objectives
from servescope.metrics.definitions import DURATION_BUCKETS, REJECTION_REASONS, RESTART_REASONS, WORKER_STATES
from servescope.metrics.recording.codes import USUAL_CODES
from servescope.metrics.recording.recorder import KEPT_S, Recorder
from servescope.metrics.registry import Registry


class Batch:
    """A batch as the recorder sees it."""

    request_ids = ("a",)


@pytest.fixture
def registry() -> Registry:
    return Registry()


def test_status_classes(registry: Registry) -> None:
    """Whatever is neither 2xx nor 4xx counts as 5XX."""
    recorder = Recorder(registry, "h")
    for status in (200, 299, 404, 302, 500, 503, 100):
        recorder.port.response_sent(status)
    counts = [series(registry, f"Requests{group}XX")["Host", "h"] for group in "245"]
    assert counts == [2.0, 1.0, 4.0]


def test_lines_that_are_lost(registry: Registry) -> None:
    """Each log says at scrape time how many it has lost; 0 is shown too."""
    lost = {"ts_log": 0.0, "stdout": 0.0}
    Recorder(registry, "h").lost_lines({log: lambda log=log: lost[log] for log in lost})
    assert series(registry, "servescope_log_lost_lines_total") == {("ts_log",): 0.0, ("stdout",): 0.0}
    lost["stdout"] = 3.0
    assert series(registry, "servescope_log_lost_lines_total") == {("ts_log",): 0.0, ("stdout",): 3.0}


def test_an_answer(registry: Registry) -> None:
    """Latencies add up under the URL's version, QueueTime is whole milliseconds."""
    model = Recorder(registry, "h").model("noop", "2.0")
    model.request_arrived("default")
    answer(model, "default", 5000.5, 3999.9)
    answer(model, "default", 1000.0, 2999.0)
    key = ("noop", "default", "h")
    assert series(registry, "ts_inference_requests_total") == {key: 1.0}
    assert series(registry, "ts_inference_latency_microseconds") == {key: pytest.approx(6000.5)}
    assert series(registry, "ts_queue_latency_microseconds") == {key: pytest.approx(6998.9)}
    assert series(registry, "QueueTime") == {("Host", "h"): 2.0}


def test_a_request_without_an_answer_has_no_latency(registry: Registry) -> None:
    """As recorded: a model without workers shows in the requests only."""
    Recorder(registry, "h").model("idle", "1.0").request_arrived("default")
    assert series(registry, "ts_inference_latency_microseconds") == {}
    assert series(registry, "QueueTime") == {}


def test_prediction_time(registry: Registry) -> None:
    """Seconds become milliseconds, the last batch counts."""
    model = Recorder(registry, "h").model("noop", "1.0")
    assert series(registry, "PredictionTime") == {}
    model.batch_handled(0.5, Batch())
    model.batch_handled(0.25, Batch())
    assert series(registry, "PredictionTime") == {("noop", "Model", "h"): 250.0}


def test_own_series_exist_from_registration(registry: Registry) -> None:
    """rate() works from the first scrape."""
    Recorder(registry, "h").model("noop", "1.0")
    assert series(registry, "servescope_rejected_total") == {("noop", "1.0", why): 0.0 for why in REJECTION_REASONS}
    restarts = series(registry, "servescope_worker_restarts_total")
    assert restarts == {("noop", "1.0", why): 0.0 for why in RESTART_REASONS}


def test_rejections_and_restarts(registry: Registry) -> None:
    """Each under its reason, an unforeseen one too."""
    model = Recorder(registry, "h").model("noop", "1.0")
    model.rejected("queue_full")
    model.rejected("unforeseen")
    model.restarted("oom")
    rejected = series(registry, "servescope_rejected_total")
    assert (rejected["noop", "1.0", "queue_full"], rejected["noop", "1.0", "unforeseen"]) == (1.0, 1.0)
    restarts = series(registry, "servescope_worker_restarts_total")
    assert restarts["noop", "1.0", "oom"] == 1.0
    assert len(restarts) == len(RESTART_REASONS)


def test_queue_and_workers_are_read_at_scrape_time(registry: Registry) -> None:
    """Nothing is recorded a request; a reader's answer is the value."""
    model = Recorder(registry, "h").model("noop", "1.0")
    waiting: list[int] = []
    model.queue(lambda: len(waiting), lambda: 1.5, lambda: 2.5, 100)
    model.scaling(lambda: 2, lambda: 1, lambda: 4)
    model.workers(lambda: {"ready": 2})
    waiting.append(1)
    assert series(registry, "servescope_queue_depth") == {("noop", "1.0"): 1.0}
    assert series(registry, "servescope_queue_capacity") == {("noop", "1.0"): 100.0}
    assert series(registry, "servescope_queue_oldest_seconds") == {("noop", "1.0"): 1.5}
    assert series(registry, "servescope_in_flight_oldest_seconds") == {("noop", "1.0"): 2.5}
    scaling = [series(registry, f"servescope_workers_{name}")["noop", "1.0"] for name in ("wanted", "min", "max")]
    assert scaling == [2.0, 1.0, 4.0]
    expected = {("noop", "1.0", state): 2.0 if state == "ready" else 0.0 for state in WORKER_STATES}
    assert series(registry, "servescope_workers") == expected


def test_a_forgotten_model(registry: Registry) -> None:
    """What is read goes at once, counts after five minutes, TorchServe's families never."""
    clock = Clock(0.0)
    recorder = Recorder(registry, "h", clock)
    model = recorder.model("noop", "1.0")
    model.queue(lambda: 0, lambda: 0.0, lambda: 0.0, 100)
    model.describe("handler.py", "python", 1, 100, "cpu")
    model.request_arrived("default")
    model.rejected("unforeseen")
    recorder.forget("noop", "1.0")
    assert series(registry, "servescope_queue_depth") == series(registry, "servescope_in_flight_oldest_seconds") == {}
    clock.now = KEPT_S - 1
    assert series(registry, "servescope_rejected_total")["noop", "1.0", "unforeseen"] == 1.0
    clock.now = KEPT_S
    left = {family.definition.name for family in registry.collect() if any("noop" in key for key in family.series)}
    assert left == {"ts_inference_requests_total"}
    assert series(registry, "ts_inference_requests_total") == {("noop", "default", "h"): 1.0}


def test_a_model_that_comes_back_counts_on(registry: Registry) -> None:
    """A counter must not fall while its series is there."""
    clock = Clock(0.0)
    recorder = Recorder(registry, "h", clock)
    recorder.model("noop", "1.0").rejected("queue_full")
    recorder.forget("noop", "1.0")
    recorder.model("noop", "1.0").rejected("queue_full")
    clock.now = 2 * KEPT_S
    assert series(registry, "servescope_rejected_total")["noop", "1.0", "queue_full"] == 2.0


def test_a_workers_load_time_goes_with_it(registry: Registry) -> None:
    """Every new worker has a new name: an autoscaler would grow the page for ever."""
    recorder = Recorder(registry, "h")
    for port in range(12):
        name = f"W-{port}-noop_1.0"
        recorder.workers.added("noop", "1.0", name, lambda: 0.0, lambda: 0.0, lambda: 0.0)
        recorder.worker_loaded(name, 5.0)
        if port != 7:
            recorder.workers.gone("noop", "1.0", name, 0.0, 0.0)
    assert [values[0] for values in series(registry, "WorkerLoadTime")] == ["W-7-noop_1.0"]


def test_gone_workers_make_room(registry: Registry) -> None:
    """Their last counts are kept for a scrape to see, but not of all those that came and went since."""
    recorder = Recorder(registry, "h")
    for port in range(150):
        recorder.workers.added("noop", "1.0", f"W-{port}", lambda: 1.0, lambda: 0.0, lambda: 0.0)
        recorder.workers.gone("noop", "1.0", f"W-{port}", 1.0, 0.0)
    names = [values[2] for values in series(registry, "servescope_worker_busy_seconds_total")]
    assert (len(names), names[0], names[-1]) == (100, "W-50", "W-149")


def test_everything_asked_on_the_ports(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    """By listener, method, route and code; methods and codes that clients and handlers make up cannot fill the memory."""
    recorder = Recorder(registry, "h")
    recorder.port.http_request("inference", "POST", "/ping", 200)
    recorder.port.http_request("inference", "POST", "/ping", 200)
    recorder.port.http_request("inference", "BREW", "/ping", 200)
    for code in (*range(300, 600), 200):
        recorder.port.http_request("inference", "GET", "/predictions/{model_name}", code)
    counts = series(registry, "servescope_http_requests_total")
    assert counts["inference", "POST", "/ping", "200"] == 2.0
    assert counts["inference", "other", "/ping", "200"] == 1.0
    assert counts["inference", "GET", "/predictions/{model_name}", "300"] == 1.0
    folded = {code: counts["inference", "GET", "/predictions/{model_name}", code] for code in ("4xx", "5xx")}
    assert folded == {"4xx": 97.0, "5xx": 97.0}
    usual = [counts["inference", "GET", "/predictions/{model_name}", code] for code in map(str, USUAL_CODES)]
    assert usual == [1.0] * 7  # however late they come
    assert sum(counts.values()) == 304.0
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith(
        "GET /predictions/{model_name} was answered with 100 codes; servescope_http_requests_total has"
    )


def test_other_objectives_begin_anew(registry: Registry) -> None:
    """A model that comes back with another objective has other buckets; one with the same counts on."""
    recorder = Recorder(registry, "h")
    objectives = Objectives(latency_s=0.123, latency_target=0.99)
    first = recorder.model("noop", "1.0", objectives)
    assert recorder.model("noop", "1.0", objectives) is first
    durations = registry.histogram("servescope_request_duration_seconds").series["noop", "1.0", "ok"]
    assert 0.123 in durations.bounds
    assert recorder.model("noop", "1.0") is not first
    durations = registry.histogram("servescope_request_duration_seconds").series["noop", "1.0", "ok"]
    assert durations.bounds == DURATION_BUCKETS
    assert series(registry, "servescope_slo_target_ratio") == {}


def test_a_worker_that_goes_keeps_its_count_for_a_while(registry: Registry) -> None:
    """Its busy time stands still for five minutes, then it is gone; its processes are known while they run."""
    clock = Clock(0.0)
    recorder = Recorder(registry, "h", clock)
    busy = 1.0
    recorder.workers.added("noop", "1.0", "W-9000-noop_1.0", lambda: busy, lambda: busy / 2, lambda: busy / 4)
    recorder.workers.started("noop", "1.0", "W-9000-noop_1.0", 4711, None)
    assert [process.pid for process in recorder.workers.processes.snapshot()] == [4711]
    busy = 2.0
    key = ("noop", "1.0", "W-9000-noop_1.0")
    assert series(registry, "servescope_worker_busy_seconds_total") == {key: 2.0}
    assert series(registry, "servescope_worker_batch_seconds") == {key: 1.0}
    assert series(registry, "servescope_worker_polling_seconds_total") == {key: 0.5}
    recorder.workers.ended("W-9000-noop_1.0")
    recorder.workers.gone("noop", "1.0", "W-9000-noop_1.0", 3.0, 0.75)
    assert not recorder.workers.processes.snapshot()
    assert series(registry, "servescope_worker_batch_seconds") == {}  # at once: it is at nothing any more
    clock.now = KEPT_S - 1
    assert series(registry, "servescope_worker_busy_seconds_total") == {key: 3.0}
    assert series(registry, "servescope_worker_polling_seconds_total") == {key: 0.75}
    clock.now = KEPT_S
    assert series(registry, "servescope_worker_busy_seconds_total") == {}
    assert series(registry, "servescope_worker_polling_seconds_total") == {}
