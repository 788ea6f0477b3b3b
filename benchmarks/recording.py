"""What the metrics cost: the recording of one request, one observation, and the rendering of 100 000 samples.

Run: python benchmarks/recording.py. Prints microseconds a request and a sample, and the longest slice of a render in
milliseconds. The times are processor time of this thread; nothing is asserted.
"""

import random
import time
from collections.abc import Callable

from servescope.metrics.definitions import DURATION_BUCKETS, Definition
from servescope.metrics.exposition.text import render
from servescope.metrics.histogram import Histogram
from servescope.metrics.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.wire.messages import MetricUpdate

REQUESTS = 200_000
SAMPLES = 100_000
ROUNDS = 5


def best_of(rounds: int, work: Callable[[], None]) -> float:
    """Seconds of processor time of the quickest round."""
    times = []
    for _ in range(rounds):
        began = time.thread_time()
        work()
        times.append(time.thread_time() - began)
    return min(times)


def one_request_each() -> Callable[[], None]:
    recorder = Recorder(Registry(), "host")
    model = recorder.model("noop", "1.0")

    def work() -> None:
        for _ in range(REQUESTS):
            model.request_arrived("default")
            model.request_answered("default", 613.25, 112.5)
            recorder.response_sent(200)

    return work


class Batch:
    """A batch of one, as far as the recorder asks."""

    request_ids = ("4f1c",)


def one_batch_each() -> Callable[[], None]:
    batch = Batch()
    recorder = Recorder(Registry(), "host")
    model = recorder.model("noop", "1.0")

    def work() -> None:
        for _ in range(REQUESTS):
            model.batch_handled(0.000213, batch)
            recorder.worker_thread_time(0.04)

    return work


def one_custom_each() -> Callable[[], None]:
    model = Recorder(Registry(), "host").model("noop", "1.0")
    update = MetricUpdate("counter", "Calls", "count", ["ModelName", "Level"], ["noop", "Model"], 1.0, "id")

    def work() -> None:
        for _ in range(REQUESTS):
            model.custom([update])

    return work


def one_observation_each(spread: float) -> Callable[[], None]:
    """Durations around 18 ms whose logarithms have this standard deviation; folding is included."""
    chance = random.Random(1)
    values = [chance.lognormvariate(-4.0, spread) for _ in range(REQUESTS)]
    histogram = Histogram((), DURATION_BUCKETS)

    def work() -> None:
        for value in values:
            histogram.observe(value)

    return work


def nothing() -> None:
    for _ in range(REQUESTS):
        pass


def full_registry(kind: str) -> Registry:
    """About SAMPLES samples of one kind, with values that take all digits."""
    registry = Registry(())
    labels = ("ModelName", "Level", "Hostname")
    for number in range(100):
        if kind == "histogram":
            family = registry.add(
                Definition(f"family_{number}", "histogram", "s", labels, "help", "", (0.1, 0.2, 0.5, 1.0, 2.0))
            )
            for model in range(SAMPLES // 100 // 8):
                family.labels(f"model-{model}", "Model", "host").observe(0.1 * model)
        else:
            family = registry.add(Definition(f"family_{number}", "counter", "s", labels, "help"))
            for model in range(SAMPLES // 100):
                family.labels(f"model-{model}", "Model", "host").value += (
                    0.1 * model if kind == "fractions" else 1.0 * model
                )
    return registry


def longest_slice(registry: Registry) -> float:
    """Seconds."""
    longest, slices = 0.0, render(registry)
    while True:
        began = time.thread_time()
        if next(slices, None) is None:
            return longest
        longest = max(longest, time.thread_time() - began)


def main() -> None:
    loop = best_of(ROUNDS, nothing)
    for name, work in (
        ("request", one_request_each()),
        ("batch", one_batch_each()),
        ("custom metric", one_custom_each()),
        ("steady duration", one_observation_each(0.15)),
        ("scattered duration", one_observation_each(0.5)),
    ):
        work()
        print(f"recording, µs a {name}: {(best_of(ROUNDS, work) - loop) / REQUESTS * 1e6:.3f}")
    for kind in ("whole numbers", "fractions", "histogram"):
        registry = full_registry(kind)
        samples = sum(family.samples for family in registry.collect())
        seconds = best_of(ROUNDS, lambda registry=registry: sum(map(len, render(registry))))
        slice_ms = min(longest_slice(registry) for _ in range(ROUNDS)) * 1e3
        print(f"rendering {samples} samples, {kind}: {seconds * 1e3:.1f} ms, longest slice {slice_ms:.2f} ms")


if __name__ == "__main__":
    main()
