"""The logging recorders: each of TorchServe's writes is a line, as recorded, and the plain recorder's work is done too."""

import asyncio
import itertools
import json
import re
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from msgspec.structs import replace

from metrics.answers import answer
from servescope.logs.metric import MetricLog
from servescope.logs.sinks import RollingFile
from servescope.metrics.collectors.reading import Reading
from servescope.metrics.definitions import BY_NAME, DEFINITIONS, TORCHSERVE, Definition
from servescope.metrics.exposition.text import render
from servescope.metrics.log_mode.metric_lines import MOST_SHAPES, MetricLines
from servescope.metrics.log_mode.recorder import AT_ONCE, READ_S, LoggingRecorder
from servescope.metrics.registry import Registry
from servescope.wire.measured.lines import LineReader
from servescope.wire.measured.memory import private
from servescope.wire.measured.update import DROPPED, MetricUpdate
from servescope.worker.measuring.custom_metrics import CustomMetrics
from servescope.worker.measuring.each import Each

NOW = 1795492743


@dataclass
class Batch:
    """A batch, as far as its ids go."""

    request_ids: list[str] = field(default_factory=lambda: ["a", "b"])


class Bench:
    """A recorder that logs to two files in `folder`."""

    def __init__(self, folder, logged=TORCHSERVE, keeps_custom=True, log_format="text"):
        files = [folder / f"{name}_metrics.log" for name in ("ts", "model")]
        self.logs = [MetricLog(RollingFile(file, print), file.stem.upper(), log_format, lambda: NOW) for file in files]
        self.files = files
        self.lines = MetricLines(logged, "vm", *self.logs)
        self.registry = Registry(DEFINITIONS)
        self.recorder = LoggingRecorder(self.registry, "vm", self.lines, keeps_custom=keeps_custom)

    def written(self):
        """Both files' lines, without their times."""
        for log in self.logs:
            log.flush()
        texts = [file.read_text().splitlines() for file in self.files]
        return [[re.fullmatch(r"\S+ - (.*)", line)[1] for line in lines] for lines in texts]

    def exposition(self):
        return b"".join(render(self.registry)).decode()


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_the_servers_writes(bench):
    """Answers by class, loads, thread time."""
    for status in (200, 404, 503, 302):
        bench.recorder.port.response_sent(status)
    bench.recorder.worker_loaded("W-9000-crash_1.0", 4154.0)
    bench.recorder.worker_thread_time(2.0)
    assert bench.written() == [
        [
            f"Requests2XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:{NOW}",
            f"Requests4XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:{NOW}",
            f"Requests5XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:{NOW}",
            f"Requests5XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:{NOW}",
            f"WorkerLoadTime.Milliseconds:4154.0|#WorkerName:W-9000-crash_1.0,Level:Host|#hostname:vm,timestamp:{NOW}",
            f"WorkerThreadTime.Milliseconds:2.0|#Level:Host|#hostname:vm,timestamp:{NOW}",
        ],
        [],
    ]
    text = bench.exposition()
    assert 'Requests5XX{Level="Host",Hostname="vm",} 2.0' in text
    assert 'WorkerLoadTime{WorkerName="W-9000-crash_1.0",Level="Host",Hostname="vm",} 4154.0' in text
    assert 'WorkerThreadTime{Level="Host",Hostname="vm",} 2.0' in text


def test_a_models_writes(bench):
    """A request's lines, each with what was added, and the batch's with the ids of its requests."""
    model = bench.recorder.model("metered", "1.0")
    for _ in range(2):
        model.request_arrived("default")
        answer(model, "default", 2315.669, 1125.8180000001)
    model.request_arrived("1.0")
    model.batch_handled(0.00024, Batch())
    series = "|#model_name:metered,model_version:default|#hostname:vm,timestamp:"
    request = [
        f"ts_inference_requests_total.Count:1.0{series}{NOW}",
        f"ts_inference_latency_microseconds.Microseconds:2315.669{series}{NOW}",
        f"ts_queue_latency_microseconds.Microseconds:1125.818{series}{NOW}",
        f"QueueTime.Milliseconds:1.0|#Level:Host|#hostname:vm,timestamp:{NOW}",
    ]
    explicit = f"ts_inference_requests_total.Count:1.0{series.replace('default', '1.0')}{NOW}"
    prediction = f"PredictionTime.ms:0.24|#ModelName:metered,Level:Model|#hostname:vm,requestID:a,b,timestamp:{NOW}"
    assert bench.written() == [[*request, *request, explicit], [prediction]]
    text = bench.exposition()
    assert 'ts_inference_requests_total{model_name="metered",model_version="default",hostname="vm",} 2.0' in text
    assert 'PredictionTime{ModelName="metered",Level="Model",Hostname="vm",} 0.24' in text


def of_model(*pairs, unit="Count", name="C", kind="counter", value=1.0):
    return MetricUpdate(kind, name, unit, [name for name, _ in pairs], [value for _, value in pairs], value, "r")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_dimensions_keep_their_names_and_have_one_order(tmp_path, log_format):
    """That of metrics.yaml, with its names for this server's own, else of the first write; further ones come behind."""
    own = replace(BY_NAME["HandlerTime"], labels=("Niveau", "ModelName", "Hostname"), order=(1, 0, 2))
    declared = Definition("D", "counter", "Count", ("Stage", "Route", "Hostname"), "")
    bench = Bench(tmp_path, [own, declared], log_format=log_format)
    stage, route, more = ("Stage", "decode"), ("Route", "fast"), ("More", "x")
    bench.recorder.model("m", "1.0").custom(
        [
            of_model(route, stage, name="D"),
            of_model(route, stage),
            of_model(stage, more, route),
            of_model(more),
            of_model(("ModelName", "m"), ("Level", "Model"), name="HandlerTime", kind="gauge", unit="ms"),
        ]
    )
    texts = [
        "D.Count:1.0|#Stage:decode,Route:fast|",
        "C.Count:1.0|#Route:fast,Stage:decode|",
        "C.Count:1.0|#Route:fast,Stage:decode,More:x|",
        "C.Count:1.0|#More:x|",
        "HandlerTime.ms:1.0|#Niveau:Model,ModelName:m|",
    ]
    if log_format == "text":
        assert [line.partition("#hostname")[0] for line in bench.written()[1]] == texts
        return
    bench.logs[1].flush()
    found = [json.loads(line) for line in bench.files[1].read_text().splitlines()]
    assert [one["message"].partition("#hostname")[0] for one in found] == texts
    assert [one["dimensions"] for one in found] == [
        dict([stage, route]), dict([route, stage]), dict([route, stage, more]), dict([more]),
        {"Niveau": "Model", "ModelName": "m"},
    ]  # fmt: skip


def test_the_servers_own_dimensions_go_by_name(tmp_path):
    """In metrics.yaml's order."""
    order = replace(BY_NAME["WorkerLoadTime"], labels=("Level", "WorkerName", "Hostname"), order=(1, 0, 2))
    bench = Bench(tmp_path, [order])
    bench.recorder.worker_loaded("W-9000-m_1.0", 1.0)
    (line,) = bench.written()[0]
    assert line.startswith("WorkerLoadTime.Milliseconds:1.0|#Level:Host,WorkerName:W-9000-m_1.0|#hostname:vm")


def test_values_are_in_the_metrics_unit(bench):
    """Those that cannot be converted into it name their own."""
    writes = [(5.0, "Milliseconds"), (7.0, "Seconds"), (3.0, "Count"), (9.0, "")]
    bench.recorder.model("m", "1.0").custom([of_model(unit=unit, value=value, kind="gauge") for value, unit in writes])
    assert [line.partition("|")[0] for line in bench.written()[1]] == [
        "C.Milliseconds:5.0", "C.Milliseconds:7000.0", "C.Count:3.0", "C.Milliseconds:9.0",
    ]  # fmt: skip


def test_what_a_worker_refused_is_no_line(bench):
    """It is counted."""
    bench.recorder.model("m", "1.0").custom([MetricUpdate(DROPPED, "C", "value", [], [], 1.0, "")])
    assert bench.written()[1] == []


UPDATES = [
    MetricUpdate("counter", "InitializeCallCount", "Count", ["ModelName"], ["metered"], 1, ""),
    MetricUpdate("counter", "CallCount", "Count", ["Caller", "Level"], ["test", "Model"], 1, "4e58"),
    MetricUpdate("counter", "CallCount", "Count", ["Caller", "Level"], ["test", "Model"], 2, "4e59"),
    MetricUpdate("histogram", "Distance", "km", [], [], 10, "4e58,4e59"),
    MetricUpdate("gauge", "HandlerTime", "ms", ["ModelName", "Level"], ["metered", "Model"], 0.02, "4e58"),
    MetricUpdate("gauge", "tok/s", "a.b", ["Hostname", "x|y"], ["other", "\n"], 1, "4e58"),
]
UPDATE_LINES = [
    "InitializeCallCount.Count:1.0|#ModelName:metered|#hostname:vm,requestID:null,timestamp:",
    "CallCount.Count:1.0|#Caller:test,Level:Model|#hostname:vm,requestID:4e58,timestamp:",
    "CallCount.Count:2.0|#Caller:test,Level:Model|#hostname:vm,requestID:4e59,timestamp:",
    "Distance.km:10.0|#|#hostname:vm,requestID:4e58,4e59,timestamp:",
    "HandlerTime.ms:0.02|#ModelName:metered,Level:Model|#hostname:vm,requestID:4e58,timestamp:",
    r"tok/s.a.b:1.0|#Hostname:other,x\x7cy:\x0a|#hostname:vm,requestID:4e58,timestamp:",
]


@pytest.mark.parametrize("keeps_custom", [True, False])
def test_a_handlers_writes(tmp_path, keeps_custom):
    """Whatever it writes, under its own names, with the ids; in /metrics only where the mode has them there."""
    bench = Bench(tmp_path, keeps_custom=keeps_custom)
    bench.recorder.model("metered", "1.0").custom(UPDATES)
    assert bench.written() == [[], [f"{line}{NOW}" for line in UPDATE_LINES]]
    assert ("CallCount{" in bench.exposition()) is keeps_custom


def test_readings(bench):
    """TorchServe's system metrics are lines, this project's are none."""
    bench.lines.reading(Reading("CPUUtilization", ("Host", "vm"), 25))
    bench.lines.reading(Reading("GPUMemoryUsed", ("Host", "0", "vm"), 2048.5))
    bench.lines.reading(Reading("process_open_fds", (), 9))
    assert bench.written()[0] == [
        f"CPUUtilization.Percent:25.0|#Level:Host|#hostname:vm,timestamp:{NOW}",
        f"GPUMemoryUsed.Megabytes:2048.5|#Level:Host,DeviceId:0|#hostname:vm,timestamp:{NOW}",
    ]


def test_what_a_metrics_config_leaves_out(tmp_path):
    """Has no line, whoever writes it."""
    bench = Bench(tmp_path, logged=[BY_NAME["QueueTime"]])
    bench.recorder.port.response_sent(200)
    bench.recorder.worker_loaded("W-9000-m_1.0", 1.0)
    bench.recorder.worker_thread_time(1.0)
    model = bench.recorder.model("m", "1.0")
    model.request_arrived("default")
    answer(model, "default", 1.0, 1.0)
    model.batch_handled(0.001, Batch())
    bench.lines.reading(Reading("CPUUtilization", ("Host", "vm"), 25))
    assert bench.written() == [[f"QueueTime.Milliseconds:0.0|#Level:Host|#hostname:vm,timestamp:{NOW}"], []]


def test_a_model_that_comes_back_logs_on(bench):
    """Registered again, its recorder is one that logs."""
    bench.recorder.model("m", "1.0")
    bench.recorder.forget("m", "1.0")
    bench.recorder.model("m", "1.0").request_arrived("default")
    bench.recorder.model("m", "2.0").request_arrived("2.0")
    assert len(bench.written()[0]) == 2


def test_label_values_do_not_pile_up(bench):
    """A handler that writes ever new values costs no more memory than so many shapes."""
    model = bench.recorder.model("m", "1.0")
    for number in range(MOST_SHAPES + 10):
        model.custom([MetricUpdate("gauge", "g", "", ["n"], [str(number)], 1.0, "")])
    assert len(model._handler_lines._known) == 10
    assert len(bench.written()[1]) == MOST_SHAPES + 10


def test_json(tmp_path):
    """Lines of the JSON form come from the same writes."""
    bench = Bench(tmp_path, log_format="json")
    bench.recorder.port.response_sent(200)
    bench.recorder.model("m", "1.0").batch_handled(0.001, Batch())
    for log in bench.logs:
        log.flush()
    server, model = (file.read_text() for file in bench.files)
    assert '"message":"Requests2XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:' in server
    assert '"request_ids":["a","b"]' in model


def measuring(folder, name="m", **options):
    """A bench, and a worker's metrics that it reads, written the day before, at 9:00:00.5, 9:00:01.5 and so on."""
    bench = Bench(folder, **options)
    memory = private()
    times = itertools.count(datetime(2026, 11, 23, 9, 0, 0, 500_000).timestamp())
    model = bench.recorder.model(name, "1.0")
    model.worker_measures("w", LineReader(memory))
    return bench, model, CustomMetrics(name, sink=Each(memory, times.__next__))


def test_handlers_writes_are_lines_with_the_times_at_which_they_were_made(tmp_path):
    """Lines are in order of time, and a line's two times agree."""

    async def main():
        bench, model, metrics = measuring(tmp_path, keeps_custom=False)
        for number in range(3):
            metrics.add_counter("C", number)
        metrics.add_counter("C", -1)
        model.batch_handled(0.5, Batch())
        bench.written()
        return bench.files[1].read_text().splitlines()

    *mine, last = asyncio.run(main())
    assert [line.partition(" - ")[0] for line in mine] == [f"2026-11-23T09:00:0{n},500" for n in range(3)]
    assert [line.partition("timestamp:")[2] for line in mine] == [
        str(int(datetime(2026, 11, 23, 9, 0, n).timestamp())) for n in range(3)
    ]
    assert "PredictionTime" in last


def test_they_are_read_though_nobody_asks(tmp_path):
    """All of them, some at a time, until the worker has gone."""

    async def main():
        bench, model, metrics = measuring(tmp_path)
        for _ in range(2 * AT_ONCE + 5):
            metrics.add_counter("C", 1)
        series = bench.registry.find
        while (family := series("C")) is None or family.snapshot()[0].value < 2 * AT_ONCE + 5:  # noqa: ASYNC110  # a timer sets no event
            await asyncio.sleep(0.001)
        metrics.add_counter("C", 1)
        model.worker_measured("w")
        assert family.snapshot()[0].value == 2 * AT_ONCE + 6
        await asyncio.sleep(2 * READ_S)
        assert model._reading is None
        assert len(bench.written()[1]) == 2 * AT_ONCE + 6

    asyncio.run(main())
