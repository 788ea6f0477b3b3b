"""What is remembered of a whole registry: a step is what a scrape would say, and fifty models of the largest kind have room."""

import gc
import tracemalloc

from servescope.config.model.objectives import Objectives
from servescope.console.history.kept import HOST
from servescope.console.history.memory import KEPT, Memory
from servescope.console.history.readings import last
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.metrics.snapshot import take

MODELS = 50
MOST_BYTES = 60e6
EVERYTHING = Objectives(
    availability_target=0.99, latency_s=0.123, latency_target=0.99, ttft_s=1.0, ttft_target=0.9, itl_s=0.1, itl_target=0.9
)  # fmt: skip


def tick(memory):
    for _ in memory.tick():
        pass


def language_models(count):
    """A registry in which every series of so many language models has counted something."""
    registry = Registry()
    recorder = Recorder(registry, "h")
    for number in range(count):
        recorder.model(f"m{number}", "1.0", EVERYTHING).serves_language_model()
    for family in list(registry.collect()):
        for series in family.snapshot():
            if hasattr(series, "observe"):
                for bound in (*series.bounds, 1e9):
                    series.observe(bound)
            elif "_slo_" not in family.definition.name and not callable(getattr(series, "_read", None)):
                series.value += 1
    return registry


def test_room():
    """For fifty language models that promise everything, once every column is there."""
    at = [1e6]
    memory = Memory(language_models(MODELS), "host", lambda: at[0])
    tick(memory)
    assert 10e6 < sum(ring.bytes for ring in memory.rings) < MOST_BYTES


def test_room_with_all_that_holds_it():
    """Not the numbers alone, but everything that a memory takes of the process."""
    at, registry = [1e6], language_models(MODELS)
    take(registry, KEPT, 0.0)  # what it takes for a scrape is not the memory's
    gc.collect()
    tracemalloc.start()
    try:
        memory = Memory(registry, lambda: at[0])
        for _ in range(3):
            at[0] += 60
            tick(memory)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < MOST_BYTES
    finally:
        tracemalloc.stop()


def test_a_step():
    """Growth of the counters of each model, and of the machine's; models apart from each other."""
    at = [1e6]
    registry = language_models(2)
    memory = Memory(registry, "host", lambda: at[0])
    tick(memory)
    at[0] += 5
    registry.counter("servescope_requests_total").labels("m0", "1.0", "rest", "predict", "200").value += 7
    registry.counter("servescope_requests_total").labels("m0", "1.0", "rest", "predict", "499").value += 2
    registry.histogram("servescope_event_loop_lag_seconds").labels().observe(0.2)
    tick(memory)
    step = last(memory.hour, ("m0", "1.0"), 5)
    assert step.totals("requests") == {"2xx": 7, "4xx": 2, "5xx": 0}
    assert step.total("given_up") == 2
    assert last(memory.hour, ("m1", "1.0"), 5).requests() == 0
    assert last(memory.hour, HOST, 5).quantile("lag", 1) == 0.25
