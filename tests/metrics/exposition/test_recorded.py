"""The golden answers metrics-*, rendered from the calls that the server makes while the golden cases are replayed."""

import re
from pathlib import Path

import pytest

from metrics.answers import answer
from servescope.metrics.collectors.reading import Reading
from servescope.metrics.collectors.sampler import Sampler
from servescope.metrics.exposition.text import render
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.wire.measured.update import MetricUpdate

RECORDED = Path(__file__).parent / "recorded"
VALUE = re.compile(r"(?m)^([A-Za-z_:][\w:]*\{[^}]*\}) [-+0-9.eEnNaA]+$")
HOST_FAMILIES = (
    "CPUUtilization", "MemoryUsed", "MemoryAvailable", "MemoryUtilization", "DiskUsage", "DiskAvailable",
    "DiskUtilization",
)  # fmt: skip
LOADED = (
    "W-9000-crash_1.0", "W-9001-echo_1.0", "W-9002-metered_1.0", "W-9003-noop_1.0", "W-9004-outputs_1.0",
    "W-9005-slow_1.0", "W-9006-stream_1.0", "W-9007-noop_1.0", "W-9008-noop_2.0",
)  # fmt: skip
ANSWERED = (
    ("echo", "1.0"), ("echo", "default"), ("noop", "1.0"), ("noop", "2.0"), ("noop", "default"), ("outputs", "default"),
    ("stream", "default"),
)  # fmt: skip
# Models that are called between the two scrapes.
ANSWERED_LATER = (("crash", "default"), ("metered", "default"), ("slow", "default"))
MODEL = ["ModelName", "Level"]
UPDATES = (
    MetricUpdate("counter", "InitializeCallCount", "count", ["ModelName"], ["metered"], 1.0, ""),
    MetricUpdate("counter", "CallCount", "count", ["Caller", *MODEL], ["test", "metered", "Model"], 1.0, "r"),
    MetricUpdate("gauge", "PostprocessTime", "ms", MODEL, ["metered", "Model"], 12.5, "r"),
    MetricUpdate("gauge", "SizeOfImage", "MB", MODEL, ["metered", "Model"], 2.0, "r"),
    MetricUpdate("gauge", "BatchFill", "percent", MODEL, ["metered", "Model"], 50.0, "r"),
    MetricUpdate("histogram", "DistanceInKM", "km", MODEL, ["metered", "Model"], 10.0, "r"),
)


class HostFigures:
    """A collector of the host's families."""

    name = "host"

    def update(self) -> list[Reading]:
        return [Reading(name, ("Host", "H"), 12.5) for name in HOST_FAMILIES]


def lines(registry: Registry, names: tuple[str, ...] = ()) -> list[str]:
    """The exposition as golden/replay.py compares it: sorted, without help texts, values masked."""
    text = VALUE.sub(r"\1 N", b"".join(render(registry, names)).decode())
    return sorted(line for line in text.splitlines() if not line.startswith("# HELP "))


def recorded(case: str) -> list[str]:
    return (RECORDED / f"{case}.txt").read_text().splitlines()


class Batch:
    """A batch as the recorder sees it."""

    request_ids = ("id",)


def answer_one(recorder: Recorder, model: str, label: str) -> None:
    writes = recorder.model(model, "1.0")
    writes.request_arrived(label)
    answer(writes, label, 1500.5, 120.25)
    writes.batch_handled(0.001, Batch())
    recorder.port.response_sent(200)


@pytest.fixture
def registry() -> Registry:
    """After the cases that come before metrics-filter."""
    registry = Registry()
    recorder = Recorder(registry, "H")
    for worker in LOADED:
        recorder.worker_loaded(worker, 800.0)
    for model, label in ANSWERED:
        answer_one(recorder, model, label)
    recorder.model("idle", "1.0").request_arrived("default")
    recorder.model("idle", "1.0").rejected("no_worker")
    recorder.port.response_sent(503)
    recorder.port.response_sent(404)
    return registry


def after_all(registry: Registry) -> None:
    recorder = Recorder(registry, "H")
    for model, label in ANSWERED_LATER:
        answer_one(recorder, model, label)
    recorder.worker_thread_time(0.5)
    recorder.model("metered", "1.0").custom(UPDATES)
    Sampler([HostFigures()], 5.0, registry).sample_once()


def test_filter(registry: Registry) -> None:
    """`name[]` shows TYPE and samples of these two families, and nothing else."""
    names = ("ts_inference_requests_total", "ts_queue_latency_microseconds")
    assert lines(registry, names) == recorded("metrics-filter")


def test_custom(registry: Registry) -> None:
    """`name[]` filters a histogram's samples by their own names."""
    after_all(registry)
    names = (
        "CallCount", "PostprocessTime", "SizeOfImage", "BatchFill", "InitializeCallCount", "DistanceInKM_sum",
        "DistanceInKM_count",
    )  # fmt: skip
    assert lines(registry, names) == recorded("metrics-custom")


def test_all(registry: Registry) -> None:
    """Every line recorded off TorchServe is there; of TorchServe's families there are no lines besides."""
    after_all(registry)
    got = lines(registry)
    assert set(recorded("metrics-all")) <= set(got)
    mine = re.compile(r"(# TYPE )?(servescope_|process_|python_)")
    assert [line for line in got if not mine.match(line)] == recorded("metrics-all")
