"""The metrics in this process: the recording of one request, a registry filled as by requests, and its twin in prometheus_client.

In: nothing but the package. Out: seconds of processor time of this thread. Called by metrics.py.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import prometheus_client

from servescope.metrics.definitions import OWN
from servescope.metrics.instruments import AnyFamily
from servescope.metrics.recording.recorder import ModelRecorder, Recorder
from servescope.metrics.recording.requests.times import BatchTimes
from servescope.metrics.registry import Registry

SEED = 1
STAGES = {"prediction": 0.000213}
MARK = "5f2c9a44-0d9e-4c1b-a6d1-0000000004d2"


@dataclass(frozen=True)
class Moments:
    """When one request passed the server's stations, monotonic seconds."""

    arrived: float
    formed: float
    started: float
    received: float
    ended: float


class Handled:
    """A batch of one, for the modes that log its requests' ids."""

    request_ids = (MARK,)


def draw_moments(count: int) -> list[Moments]:
    """As under load: durations spread over some powers of two, as real ones are."""
    drawn = random.Random(SEED)
    found, now = [], 1000.0
    for _ in range(count):
        queue, wire, prediction, rest = (drawn.lognormvariate(center, 0.5) for center in (-6.0, -9.0, -8.0, -10.0))
        formed = now + queue
        started = formed + wire
        received = started + prediction + wire
        found.append(Moments(now, formed, started, received, received + rest))
        now += 0.0001
    return found


def record(recorder: Recorder, model: ModelRecorder, moments: Moments) -> None:
    """All that web, serving and fleet write of one answered request, in their order; the clock is theirs to read."""
    model.request_arrived("default")
    times = BatchTimes(moments.formed, moments.formed, 1, "W-9000-noop_1.0", False)
    model.batch_sent(1)
    if recorder.spare.due:
        recorder.spare.use(alone=False)
    times.answered(moments.started, moments.received, STAGES.copy(), handled=True)
    way = ("POST", "/predictions/{model_name}")
    model.requests.finished_plainly((moments.arrived, moments.ended, times, 16, 2, MARK, "default", way))
    model.batch_handled(STAGES["prediction"], Handled)
    recorder.worker_thread_time(0.04)


def best_of(rounds: int, work: Callable[[], object]) -> float:
    """Seconds of processor time of the quickest round."""
    times = []
    for _ in range(rounds):
        began = time.thread_time()
        work()
        times.append(time.thread_time() - began)
    return min(times)


def recording_seconds(requests: int, rounds: int) -> float:
    """Seconds of one request's recording, the folding of its histograms included; the bare loop is taken off."""
    recorder = Recorder(Registry(), "host")
    model = recorder.model("noop", "1.0")
    moments = draw_moments(requests)

    def bare(_recorder: Recorder, _model: ModelRecorder, _moments: Moments) -> None:
        pass

    def each(work: Callable[[Recorder, ModelRecorder, Moments], None]) -> None:
        for one in moments:
            work(recorder, model, one)

    each(record)
    return (best_of(rounds, lambda: each(record)) - best_of(rounds, lambda: each(bare))) / requests


def client_observe_seconds(rounds: int) -> float:
    """Seconds of one observation of prometheus_client's histogram: how fast this machine is now."""
    series = prometheus_client.Histogram("h", "h", ["a"], registry=prometheus_client.CollectorRegistry()).labels("x")
    observe, count = series.observe, 20_000

    def each() -> None:
        for _ in range(count):
            observe(0.004)

    return best_of(rounds, each) / count


class Filled:
    """A registry of this project's own families, with models enough for `samples` samples, all of which had requests."""

    def __init__(self, samples: int) -> None:
        self.registry = Registry(OWN)
        self._recorder = Recorder(self.registry, "host")
        self._moments: Iterator[Moments] = iter(())
        self.models: list[ModelRecorder] = []
        while self.samples < samples:
            self._add(f"model-{len(self.models)}")
        for _ in range(20):
            self.serve()

    def _add(self, name: str) -> None:
        model = self._recorder.model(name, "1.0")
        model.queue(lambda: 0.0, lambda: 0.0, lambda: 0.0, 100)
        model.workers(dict)
        model.scaling(lambda: 1.0, lambda: 1.0, lambda: 1.0)
        self.models.append(model)

    @property
    def samples(self) -> int:
        """Lines of exposition."""
        return sum(family.samples for family in self.registry.collect())

    def serve(self) -> None:
        """One more request to every model, so that no rendered line stays what it was."""
        self._moments = iter(draw_moments(len(self.models)))
        for model, moments in zip(self.models, self._moments, strict=True):
            record(self._recorder, model, moments)
            model.requests.settle()  # as a scrape does, before it renders and with the loop let run in between

    def render_seconds(self, render: Callable[[Registry], Iterator[bytes]], rounds: int) -> tuple[float, float]:
        """Processor time of the quickest render, and of the longest slice in the round where that was shortest."""
        totals, slices = [], []
        for _ in range(rounds):
            self.serve()
            total, longest = _timed(render(self.registry))
            totals.append(total)
            slices.append(longest)
        return min(totals), min(slices)


def _timed(pieces: Iterator[bytes]) -> tuple[float, float]:
    """Processor time of all pieces and of the longest."""
    total = longest = 0.0
    while True:
        began = time.thread_time()
        piece = next(pieces, None)
        spent = time.thread_time() - began
        total += spent
        longest = max(longest, spent)
        if piece is None:
            return total, longest


class Twin:
    """The same families, series and values in prometheus_client."""

    def __init__(self, filled: Filled) -> None:
        prometheus_client.disable_created_metrics()  # it would write half as many samples again
        self._registry = prometheus_client.CollectorRegistry()
        for family in filled.registry.collect():
            if family.series:
                _copy(family, self._registry)

    @property
    def samples(self) -> int:
        """Lines of exposition."""
        return sum(len(family.samples) for family in self._registry.collect())

    def render_seconds(self, rounds: int) -> float:
        """Processor time of the quickest generate_latest."""
        return best_of(rounds, lambda: prometheus_client.generate_latest(self._registry))


def _copy(family: AnyFamily, registry: prometheus_client.CollectorRegistry) -> None:
    """One family with its series. A histogram's values are observed again, each at its bucket's bound."""
    definition = family.definition
    where = (definition.name, definition.description, definition.labels)
    if definition.kind == "counter":
        counters = prometheus_client.Counter(*where, registry=registry)
        for labels, series in family.series.items():
            (counters.labels(*labels) if labels else counters).inc(series.value)
    elif definition.kind == "gauge":
        gauges = prometheus_client.Gauge(*where, registry=registry)
        for labels, series in family.series.items():
            (gauges.labels(*labels) if labels else gauges).set(series.value)
    else:
        histograms = prometheus_client.Histogram(*where, buckets=definition.buckets, registry=registry)
        for labels, series in family.series.items():
            twin = histograms.labels(*labels) if labels else histograms
            for bound, count in zip((*definition.buckets, 2 * definition.buckets[-1]), series.counts, strict=True):
                for _ in range(count):
                    twin.observe(bound)
