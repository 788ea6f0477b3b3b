"""The writes of one registered model version, bound to its labels once: TorchServe's families, its queue and its workers.

In: calls of `serving` and `fleet`. Out: series in the registry. Made by `recorder.Recorder.model`. Its finished requests are
`request_recorder`'s.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from servescope.metrics.definitions import REJECTION_REASONS, RESTART_REASONS, WORKER_STATES
from servescope.metrics.instruments import Counter, Gauge, Histogram
from servescope.metrics.recording.autoscaler import AutoscalerRecorder
from servescope.metrics.recording.batching.batching import BatchingRecorder
from servescope.metrics.recording.families import ModelFamilies
from servescope.metrics.recording.llm import LlmRecorder
from servescope.metrics.recording.measured import Measured, Source
from servescope.metrics.recording.requests.recorder import RequestRecorder
from servescope.metrics.torchserve.custom import CustomMetrics
from servescope.wire.measured.update import MetricUpdate

HOST = "Host"
MODEL = "Model"
_SLOW_LOADS = 0.9


class Requests(Protocol):
    """Whatever knows the ids of its requests: a batch."""

    @property
    def request_ids(self) -> Sequence[str]:
        """The ids, in the batch's order."""


class ModelParts(Struct, frozen=True):
    """What a model's recorder is made of. `requests` takes what became of each request, `llm` what a language model does."""

    families: ModelFamilies
    custom: CustomMetrics
    name: str
    version: str
    requests: RequestRecorder
    llm: LlmRecorder


class ModelRecorder:
    """What happens to one model. This project's own series exist, at zero, from now on; TorchServe's from first use.
    `measured`: what its handlers write.
    """

    def __init__(self, parts: ModelParts) -> None:
        self.name, self.version = name, version = parts.name, parts.version
        self.requests = parts.requests
        self.llm = parts.llm
        self._families = families = parts.families
        self._custom = parts.custom
        self.autoscaler = AutoscalerRecorder(families.autoscaler, name, version)
        self.batching = BatchingRecorder(families, name, version)
        self.measured = Measured()
        self._arrived_count = 0
        self._arrived: dict[str, Counter] = {}
        self._prediction: Gauge | None = None
        self._info: tuple[str, ...] | None = None
        self._rejected = {why: families.rejected.labels(name, version, why) for why in REJECTION_REASONS}
        self._restarts = {why: families.restarts.labels(name, version, why) for why in RESTART_REASONS}
        self._loads = families.load_seconds.labels(name, version)
        self.batch_sent = parts.requests.batch_sent
        families.in_flight.read(self._in_flight, name, version)

    def _in_flight(self) -> float:
        return self._arrived_count - self.requests.finished_count

    @property
    def arrived_count(self) -> int:
        """How many requests found this model."""
        return self._arrived_count

    @property
    def refused_count(self) -> int:
        """How many of them were refused because there were too few workers: a full queue, or no worker to wait for."""
        return int(self._rejected["queue_full"].value + self._rejected["no_worker"].value)

    @property
    def load_seconds(self) -> Histogram:
        """How long workers took to load the model."""
        return self._loads

    @property
    def slow_load_s(self) -> float | None:
        """What nine of ten loads kept to, to 2.2 %; None: there was none, or no native form."""
        native = self._loads.native
        return native.quantile(_SLOW_LOADS) if native is not None and self._loads.count else None

    def request_arrived(self, label: str) -> None:
        """A request found this model, and is not queued yet. `label`: the version in its URL, or `default`.

        Each must come to `requests.finished` or `request_refused` once.
        """
        self._arrived_count += 1
        counter = self._arrived.get(label)
        if counter is None:
            counter = self._families.ts_requests.labels(self.name, label, self._families.hostname)
            self._arrived[label] = counter
        counter.value += 1.0

    def asked_by_workflow(self) -> None:
        """A workflow asks it, which TorchServe does not count among its requests. Must come to `requests.finished` once."""
        self._arrived_count += 1

    def request_refused(self, route: str, code: int, arrived: float, ended: float, size: int) -> None:
        """A request was answered by its path alone, as one that is too large is; as in TorchServe, its families have none of it."""
        self._arrived_count += 1
        self.requests.refused(route, code, arrived, ended, size)

    def request_unfinished(self, route: str, ended: float, size: int) -> None:
        """A client did not finish its request in the time it had; so much of its body came."""
        self._arrived_count += 1
        self.rejected("client_timeout")
        self.requests.unfinished(route, ended, size)

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

    def loaded(self, seconds: float) -> None:
        """A worker has loaded the model, so long after the decision to start it."""
        self._loads.observe(seconds)

    def batch_handled(self, prediction_s: float, batch: Requests) -> None:  # noqa: ARG002  # log lines name its requests
        """The worker's entry point answered a batch without failing, in so many seconds."""
        gauge = self._prediction
        if gauge is None:
            gauge = self._prediction = self._custom.prediction_time()
        gauge.value = prediction_s * 1000.0

    def worker_measures(self, worker: str, source: Source) -> None:
        """What the handler writes in this worker can be read from now on, at each scrape and at the worker's end."""
        self.measured.attach(worker, source)

    def worker_measured(self, worker: str) -> None:
        """The worker has ended; what it wrote last is read now."""
        self.custom(self.measured.detach(worker))

    def read_measured(self) -> None:
        """Write what the handlers have measured since the last time."""
        self.custom(self.measured.take())

    def reading_measured(self) -> Iterator[None]:
        """As `read_measured`, a little at a step."""
        for updates in self.measured.parts():
            self.custom(updates)
            yield

    def custom(self, updates: Sequence[MetricUpdate]) -> None:
        """Write the handler's own metrics. Never raises: what cannot be written is dropped with one warning."""
        if updates:
            self._custom.apply(updates)

    def describe(self, handler: str, runtime: str, batch_size: int, max_batch_delay_ms: int, device: str) -> None:
        """How the model is served, for servescope_model_info."""
        if self._info is not None:
            self._families.info.remove(*self._info)
        facts = (handler, runtime, str(batch_size), str(max_batch_delay_ms), device)
        self._info = (self.name, self.version, *facts)
        self._families.info.labels(*self._info).value = 1.0

    def serves_language_model(self) -> None:
        """A worker says so. Twice does no harm."""
        self.llm.begin()
        self.requests.generates()

    def batches_of_one(self) -> None:
        """It turned out to be a language model: its engine forms the batches, whatever size was asked for."""
        if self._info is not None:
            _name, _version, handler, runtime, _size, max_batch_delay_ms, device = self._info
            self.describe(handler, runtime, 1, int(max_batch_delay_ms), device)

    def queue(
        self,
        depth: Callable[[], float],
        oldest_s: Callable[[], float],
        in_flight_oldest_s: Callable[[], float],
        capacity: int,
    ) -> None:
        """Let `depth` say at scrape time how many requests wait, `oldest_s` for how long, and `in_flight_oldest_s` for how long the
        oldest has waited or been worked on; `capacity` may wait.
        """
        self._families.depth.read(depth, self.name, self.version)
        self._families.oldest.read(oldest_s, self.name, self.version)
        self._families.in_flight_oldest.read(in_flight_oldest_s, self.name, self.version)
        self._families.capacity.labels(self.name, self.version).value = float(capacity)

    def workers(self, states: Callable[[], Mapping[str, int]]) -> None:
        """Let `states` say at scrape time how many workers are in each of WORKER_STATES; those it leaves out are 0."""
        for state in WORKER_STATES:
            self._families.workers.read(_count_of(states, state), self.name, self.version, state)

    def scaling(self, wanted: Callable[[], float], fewest: Callable[[], float], most: Callable[[], float]) -> None:
        """Let these say at scrape time how many workers there shall be, at least and at most."""
        families = self._families
        for family, read in ((families.wanted, wanted), (families.fewest, fewest), (families.most, most)):
            family.read(read, self.name, self.version)

    def detach(self) -> None:
        """Drop the gauges, its handler's too: there is nothing left that they could be true of."""
        families = self._families
        self._custom.release()
        self.autoscaler.detach()
        self.batching.detach()
        self._prediction = None
        queue = (families.depth, families.oldest, families.in_flight_oldest, families.capacity)
        for family in (*queue, families.wanted, families.fewest, families.most):
            family.remove(self.name, self.version)
        for state in WORKER_STATES:
            families.workers.remove(self.name, self.version, state)
        if self._info is not None:
            families.info.remove(*self._info)
            self._info = None

    def remove(self) -> None:
        """Drop all series of this project's own families."""
        self.detach()
        families = self._families
        self.requests.remove()
        self.llm.remove()
        self.autoscaler.remove()
        self.batching.remove()
        families.in_flight.remove(self.name, self.version)
        families.load_seconds.remove(self.name, self.version)
        for reason in self._rejected:
            families.rejected.remove(self.name, self.version, reason)
        for reason in self._restarts:
            families.restarts.remove(self.name, self.version, reason)


def _count_of(states: Callable[[], Mapping[str, int]], state: str) -> Callable[[], float]:
    return lambda: states().get(state, 0)
