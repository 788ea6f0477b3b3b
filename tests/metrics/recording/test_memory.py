"""Nothing stays of what has gone, but for the last hundred: objects and blocks of memory are counted."""

import asyncio
import gc
import logging
import sys

import msgspec
import pytest

from metrics.answers import answer, outcome
from servescope.config.model.objectives import Objectives
from servescope.logs.metric import MetricLog
from servescope.logs.sinks import RollingFile
from servescope.metrics.definitions import TORCHSERVE
from servescope.metrics.exposition.text import render
from servescope.metrics.foreign.passthrough import PassThrough
from servescope.metrics.log_mode.metric_lines import MetricLines
from servescope.metrics.log_mode.recorder import LoggingRecorder
from servescope.metrics.recording.recorder import MOST_GONE, Recorder
from servescope.metrics.registry import Registry
from servescope.wire.exposed import Exposed, ExposedFamily, ExposedSeries
from servescope.wire.measured.update import MetricUpdate
from servescope.wire.messages import EngineStats, Tokens

CYCLES = 100
# Until all that is bounded is full, and the counts are above 256, up to which Python has the numbers ready.
WARM_UP = 3 * MOST_GONE


class Batch:
    """A batch of one."""

    request_ids = ("r",)


class Source:
    """A worker whose handler has a gauge, a counter with too many label values, and one with a name that is taken."""

    problem = ""

    def __init__(self):
        values = [ExposedSeries([str(number)], 1.0, 0.0, []) for number in range(8)]
        families = [
            ExposedFamily("depth", "gauge", "D.", [], [ExposedSeries([], 1.0, 0.0, [])]),
            ExposedFamily("seen_total", "counter", "S.", ["by"], values),
            ExposedFamily("servescope_workers", "gauge", "S.", [], [ExposedSeries([], 1.0, 0.0, [])]),
        ]
        self.latest = [msgspec.msgpack.encode(Exposed(families, ["one collector fails"]))]

    def ask(self):
        return None


class Bench:
    """What a server measures of models that come and go, over a clock that stands still."""

    def __init__(self, folder, *, logs):
        self.registry = Registry(series_budget=5)
        self.passthrough = PassThrough(self.registry)
        self.recorder = Recorder(self.registry, "h", lambda: 0.0)
        if logs:
            files = [RollingFile(folder / f"{name}.log", print) for name in ("ts", "model")]
            sinks = [MetricLog(file, "METRICS", "text", lambda: 0.0) for file in files]
            lines = MetricLines(TORCHSERVE, "h", *sinks)
            self.recorder = LoggingRecorder(self.registry, "h", lines, keeps_custom=True, clock=lambda: 0.0)
            self.flush = lambda: [sink.flush() for sink in sinks]
        self.number = 0

    def flush(self):
        """Write out metric lines, where there are some."""

    def census(self):
        """Objects that the collector knows, and blocks of memory, with nothing left that is yet to be counted or written."""
        for _ in render(self.registry):
            pass
        self.flush()
        gc.collect()
        return len(gc.get_objects()), sys.getallocatedblocks()

    def cycle(self, name):
        """A language model with objectives is registered, asked, scaled, and unregistered."""
        self.number += 1
        objectives = Objectives(latency_s=0.3, latency_target=0.99)
        worker = f"W-{self.number}-{name}_1.0"
        model = self.recorder.model(name, "1.0", objectives)
        model.describe("h.py", "python", 1, 1, "cpu")
        model.queue(lambda: 0.0, lambda: 0.0, lambda: 0.0, 1)
        model.workers(dict)
        model.scaling(lambda: 0.0, lambda: 0.0, lambda: 0.0)
        self.recorder.workers.added(name, "1.0", worker, lambda: 1.0, lambda: 0.0, lambda: 0.0)
        self.recorder.worker_loaded(worker, 5.0)
        model.loaded(1.0)
        model.serves_language_model()
        model.llm.engine(worker, EngineStats(1, 1, 0.5, 1))
        model.request_arrived("default")
        answer(model, "default", 2.0, 1.0)
        model.request_arrived("1.0")
        model.requests.finished(outcome(code=503))
        model.llm.tokens(Tokens(1, 1, 1, 0.1, [0.1], ["stop", "odd"]))
        model.batch_handled(0.001, Batch())
        model.custom(self.updates(name))
        self.passthrough.attach(worker, name, "1.0", Source())
        asyncio.run(self.passthrough.gather())
        self.passthrough.detach(worker)
        self.recorder.workers.gone(name, "1.0", worker, 1.0, 0.0)
        model.llm.worker_gone(worker)
        self.recorder.forget(name, "1.0")
        asyncio.run(self.passthrough.gather())

    def updates(self, name):
        """Of each kind, some refused, some over the budget."""
        names = ["ModelName", "Level"]
        values = [name, "Model"]
        made = [MetricUpdate(kind, kind, "ms", names, values, 1.0, "r") for kind in ("counter", "gauge", "histogram")]
        made.append(MetricUpdate("gauge", "gauge", "count", names, values, 1.0, "r"))
        made.append(MetricUpdate("counter", "Requests2XX", "count", names, values, 1.0, "r"))
        made += [MetricUpdate("counter", "Users", "count", ["User"], [str(number)], 1.0, "r") for number in range(8)]
        return made


@pytest.fixture(autouse=True)
def unheard():
    """Warnings, which pytest would keep."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("logs", [False, True], ids=["shown", "logged"])
@pytest.mark.parametrize("name", ["m", "m{}"], ids=["one name", "new names"])
def test_after_the_first_hundred_nothing_stays(tmp_path, name, logs):
    """Whether a model comes back, or each has a name of its own."""
    bench = Bench(tmp_path, logs=logs)
    for number in range(WARM_UP):
        bench.cycle(name.format(number))
    before = bench.census()
    for number in range(WARM_UP, WARM_UP + CYCLES):
        bench.cycle(name.format(number))
    objects, blocks = (more - less for less, more in zip(before, bench.census(), strict=True))
    assert objects < CYCLES / 10
    assert blocks < CYCLES
