"""The write API: what each call counts, and how long a model's series live."""

import pytest

from servescope.metrics.definitions import REJECTION_REASONS, RESTART_REASONS, WORKER_STATES
from servescope.metrics.recorder import KEPT_S, Recorder
from servescope.metrics.registry import Registry


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def registry() -> Registry:
    return Registry()


def series(registry: Registry, name: str) -> dict[tuple[str, ...], float]:
    """The values of a family, as a scrape would find them."""
    families = {family.definition.name: family for family in registry.collect()}
    return {values: one.value for values, one in families[name].series.items()}  # type: ignore[union-attr]


def test_status_classes(registry: Registry) -> None:
    """Whatever is neither 2xx nor 4xx counts as 5XX."""
    recorder = Recorder(registry, "h")
    for status in (200, 299, 404, 302, 500, 503, 100):
        recorder.response_sent(status)
    counts = [series(registry, f"Requests{group}XX")["Host", "h"] for group in "245"]
    assert counts == [2.0, 1.0, 4.0]


def test_an_answer(registry: Registry) -> None:
    """Latencies add up under the URL's version, QueueTime is whole milliseconds."""
    model = Recorder(registry, "h").model("noop", "2.0")
    model.request_arrived("default")
    model.request_answered("default", 5000.5, 3999.9)
    model.request_answered("default", 1000.0, 2999.0)
    key = ("noop", "default", "h")
    assert series(registry, "ts_inference_requests_total") == {key: 1.0}
    assert series(registry, "ts_inference_latency_microseconds") == {key: 6000.5}
    assert series(registry, "ts_queue_latency_microseconds") == {key: 6998.9}
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
    model.batch_handled(0.5)
    model.batch_handled(0.25)
    assert series(registry, "PredictionTime") == {("noop", "Model", "h"): 250.0}


def test_own_series_exist_from_registration(registry: Registry) -> None:
    """rate() works from the first scrape."""
    Recorder(registry, "h").model("noop", "1.0")
    assert series(registry, "servescope_rejected_total") == {("noop", "1.0", why): 0.0 for why in REJECTION_REASONS}
    restarts = series(registry, "servescope_worker_restarts_total")
    assert restarts == {("noop", "1.0", why): 0.0 for why in RESTART_REASONS}


def test_rejections_and_restarts(registry: Registry) -> None:
    """Each under its reason, an unforeseen one too; those of unknown models are none."""
    recorder = Recorder(registry, "h")
    model = recorder.model("noop", "1.0")
    model.rejected("queue_full")
    model.rejected("unforeseen")
    recorder.worker_restarted("noop", "1.0", "oom")
    recorder.worker_restarted("other", "1.0", "oom")
    rejected = series(registry, "servescope_rejected_total")
    assert (rejected["noop", "1.0", "queue_full"], rejected["noop", "1.0", "unforeseen"]) == (1.0, 1.0)
    restarts = series(registry, "servescope_worker_restarts_total")
    assert restarts["noop", "1.0", "oom"] == 1.0
    assert len(restarts) == len(RESTART_REASONS)


def test_queue_and_workers_are_read_at_scrape_time(registry: Registry) -> None:
    """Nothing is recorded a request; a reader's answer is the value."""
    model = Recorder(registry, "h").model("noop", "1.0")
    waiting: list[int] = []
    model.queue(lambda: len(waiting), 100)
    model.workers(lambda: {"ready": 2})
    waiting.append(1)
    assert series(registry, "servescope_queue_depth") == {("noop", "1.0"): 1.0}
    assert series(registry, "servescope_queue_capacity") == {("noop", "1.0"): 100.0}
    expected = {("noop", "1.0", state): 2.0 if state == "ready" else 0.0 for state in WORKER_STATES}
    assert series(registry, "servescope_workers") == expected


def test_a_forgotten_model(registry: Registry) -> None:
    """What is read goes at once, counts after five minutes, TorchServe's families never."""
    clock = Clock()
    recorder = Recorder(registry, "h", clock)
    model = recorder.model("noop", "1.0")
    model.queue(lambda: 0, 100)
    model.request_arrived("default")
    model.rejected("unforeseen")
    recorder.forget("noop", "1.0")
    assert series(registry, "servescope_queue_depth") == {}
    clock.now = KEPT_S - 1
    assert series(registry, "servescope_rejected_total")["noop", "1.0", "unforeseen"] == 1.0
    clock.now = KEPT_S
    assert series(registry, "servescope_rejected_total") == {}
    assert series(registry, "servescope_worker_restarts_total") == {}
    assert series(registry, "ts_inference_requests_total") == {("noop", "default", "h"): 1.0}


def test_a_model_that_comes_back_counts_on(registry: Registry) -> None:
    """A counter must not fall while its series is there."""
    clock = Clock()
    recorder = Recorder(registry, "h", clock)
    recorder.model("noop", "1.0").rejected("queue_full")
    recorder.forget("noop", "1.0")
    recorder.model("noop", "1.0").rejected("queue_full")
    clock.now = 2 * KEPT_S
    assert series(registry, "servescope_rejected_total")["noop", "1.0", "queue_full"] == 2.0


def test_worker_load_times_make_room(registry: Registry) -> None:
    """Every new worker has a new name; a thousand are kept, the latest."""
    recorder = Recorder(registry, "h")
    for port in range(1003):
        recorder.worker_loaded(f"W-{port}-noop_1.0", 5.0)
    names = [values[0] for values in series(registry, "WorkerLoadTime")]
    assert (len(names), names[0], names[-1]) == (1000, "W-3-noop_1.0", "W-1002-noop_1.0")
