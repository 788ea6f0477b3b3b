"""The writes of one registered model version, bound to its labels once.

In: calls of `serving`, a few a request. Out: series in the registry. Made by `recorder.Recorder.model`.
"""

from collections.abc import Callable, Mapping, Sequence

from servescope.metrics.custom import CustomMetrics
from servescope.metrics.definitions import REJECTION_REASONS, RESTART_REASONS, WORKER_STATES
from servescope.metrics.instruments import Counter, Gauge
from servescope.metrics.registry import Registry
from servescope.wire.messages import MetricUpdate

HOST = "Host"
_MODEL = "Model"


class ModelFamilies:
    """The families that model recorders write to, looked up once for all models."""

    __slots__ = (
        "capacity", "depth", "hostname", "latency", "prediction", "queue_latency", "queue_time", "rejected", "requests",
        "restarts", "workers",
    )  # fmt: skip

    def __init__(self, registry: Registry, hostname: str) -> None:
        self.hostname = hostname
        self.requests = registry.counter("ts_inference_requests_total")
        self.latency = registry.counter("ts_inference_latency_microseconds")
        self.queue_latency = registry.counter("ts_queue_latency_microseconds")
        self.queue_time = registry.gauge("QueueTime")
        self.prediction = registry.gauge("PredictionTime")
        self.depth = registry.gauge("servescope_queue_depth")
        self.capacity = registry.gauge("servescope_queue_capacity")
        self.rejected = registry.counter("servescope_rejected_total")
        self.restarts = registry.counter("servescope_worker_restarts_total")
        self.workers = registry.gauge("servescope_workers")


class ModelRecorder:
    """What happens to one model's requests. This project's own series exist, at zero, from now on; TorchServe's
    from first use.
    """

    __slots__ = (
        "_answered", "_arrived", "_custom", "_families", "_prediction", "_queue_time", "_rejected", "_restarts",
        "name", "version",
    )  # fmt: skip

    def __init__(self, families: ModelFamilies, custom: CustomMetrics, name: str, version: str) -> None:
        self.name = name
        self.version = version
        self._families = families
        self._custom = custom
        self._arrived: dict[str, Counter] = {}
        self._answered: dict[str, tuple[Counter, Counter]] = {}
        self._queue_time: Gauge | None = None
        self._prediction: Gauge | None = None
        self._rejected = {why: families.rejected.labels(name, version, why) for why in REJECTION_REASONS}
        self._restarts = {why: families.restarts.labels(name, version, why) for why in RESTART_REASONS}

    def request_arrived(self, label: str) -> None:
        """A request found this model, and is not queued yet. `label`: the version in its URL, or `default`."""
        counter = self._arrived.get(label)
        if counter is None:
            counter = self._families.requests.labels(self.name, label, self._families.hostname)
            self._arrived[label] = counter
        counter.value += 1.0

    def request_answered(self, label: str, latency_us: float, queue_us: float) -> None:
        """The handler's answer to a REST request came back, or its last piece, `latency_us` µs after its arrival.

        `queue_us`: µs from its arrival until its batch was sent. Refusals and crashes are not reported here, as
        TorchServe's.
        """
        counters = self._answered.get(label)
        if counters is None:
            counters = self._bind_answered(label)
        counters[0].value += latency_us
        counters[1].value += queue_us
        self._queue_time.value = queue_us // 1000.0  # type: ignore[union-attr]  # bound together with the counters

    def _bind_answered(self, label: str) -> tuple[Counter, Counter]:
        families = self._families
        values = (self.name, label, families.hostname)
        self._queue_time = families.queue_time.labels(HOST, families.hostname)
        self._answered[label] = (families.latency.labels(*values), families.queue_latency.labels(*values))
        return self._answered[label]

    def rejected(self, reason: str) -> None:
        """A request was refused, for one of REJECTION_REASONS; another reason gets a series when it first occurs."""
        counter = self._rejected.get(reason)
        if counter is None:
            counter = self._rejected[reason] = self._families.rejected.labels(self.name, self.version, reason)
        counter.value += 1.0

    def restarted(self, reason: str) -> None:
        """A worker ended that nobody had stopped, for one of RESTART_REASONS; another reason gets a series as above."""
        counter = self._restarts.get(reason)
        if counter is None:
            counter = self._restarts[reason] = self._families.restarts.labels(self.name, self.version, reason)
        counter.value += 1.0

    def batch_handled(self, prediction_s: float) -> None:
        """The worker's entry point answered a batch without failing, in so many seconds."""
        gauge = self._prediction
        if gauge is None:
            families = self._families
            gauge = self._prediction = families.prediction.labels(self.name, _MODEL, families.hostname)
        gauge.value = prediction_s * 1000.0

    def custom(self, updates: Sequence[MetricUpdate]) -> None:
        """Write the handler's own metrics. Never raises: what cannot be written is dropped with one warning."""
        if updates:
            self._custom.apply(updates)

    def queue(self, depth: Callable[[], float], capacity: int) -> None:
        """Let `depth` say at scrape time how many requests wait; `capacity` may."""
        self._families.depth.read(depth, self.name, self.version)
        self._families.capacity.labels(self.name, self.version).value = float(capacity)

    def workers(self, states: Callable[[], Mapping[str, int]]) -> None:
        """Let `states` say at scrape time how many workers are in each of WORKER_STATES; those it leaves out are 0."""
        for state in WORKER_STATES:
            self._families.workers.read(_count_of(states, state), self.name, self.version, state)

    def detach(self) -> None:
        """Drop the series that are read at scrape time: there is nothing left to read."""
        self._families.depth.remove(self.name, self.version)
        self._families.capacity.remove(self.name, self.version)
        for state in WORKER_STATES:
            self._families.workers.remove(self.name, self.version, state)

    def remove(self) -> None:
        """Drop all series of this project's own families."""
        self.detach()
        for reason in self._rejected:
            self._families.rejected.remove(self.name, self.version, reason)
        for reason in self._restarts:
            self._families.restarts.remove(self.name, self.version, reason)


def _count_of(states: Callable[[], Mapping[str, int]], state: str) -> Callable[[], float]:
    return lambda: states().get(state, 0)
