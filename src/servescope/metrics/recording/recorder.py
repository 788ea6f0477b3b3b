"""The only write API of the metrics: what happened, said by the stage where it happened, on the loop's thread.

In: calls of `web` (answers), `serving` (requests, queues, models) and `fleet` (workers). Out: series in the
registry. Series are bound at registration, so a call on the request path is a look-up and an addition; nothing is
locked or formatted. Observation points are TorchServe's (contract, section C) for its families, and metrics.md's for
this project's own.
"""

import asyncio
import platform
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import servescope
from servescope.config.model.objectives import Objectives
from servescope.metrics.definitions import WORKFLOW_VERSION
from servescope.metrics.instruments import Gauge
from servescope.metrics.instruments.buckets import bounds_with
from servescope.metrics.recording.families import ModelFamilies, WorkflowFamilies
from servescope.metrics.recording.llm import LlmRecorder
from servescope.metrics.recording.model import HOST, ModelParts, ModelRecorder
from servescope.metrics.recording.ports.connections import ConnectionRecorder
from servescope.metrics.recording.ports.front_ends import FrontEndRecorder
from servescope.metrics.recording.ports.ports import PortRecorder
from servescope.metrics.recording.requests.objectives import ObjectiveCounters
from servescope.metrics.recording.requests.recorder import RequestRecorder
from servescope.metrics.recording.requests.series import RequestSeries
from servescope.metrics.recording.workers import WorkerRecorder
from servescope.metrics.recording.workflows.all import WorkflowRecorders
from servescope.metrics.recording.workflows.recorder import WORKFLOW_ROUTE, WorkflowRecorder
from servescope.metrics.registry import Registry
from servescope.metrics.spare_time import SpareTime
from servescope.metrics.torchserve.custom import CustomMetrics
from servescope.metrics.torchserve.custom_families import CustomFamilies

__all__ = ["ModelRecorder", "Recorder"]

# The last counts of an unregistered model are kept so long that a scrape sees them.
KEPT_S = 300.0
# TorchServe's counters of unregistered models, and those of their handlers, are kept for good, but only of so many model versions,
# those that went last: who registers under ever new names would else fill the server's memory, and Prometheus'.
MOST_GONE = 100
# How long a scrape waits for workers on other machines to tell what they have measured.
ELSEWHERE_S = 0.25


class Recorder:
    """Writes for the whole server; `model` gives the writes for one model, `workflows` those for one workflow, `workers` takes
    those of workers, `port` what was asked on the ports, `connections` who is connected to them, `front_ends` which processes
    speak with these, `spare` what can wait.

    `hostname` is the value of every Hostname label. `clock` gives monotonic seconds.
    """

    def __init__(self, registry: Registry, hostname: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.workers = WorkerRecorder(registry, hostname, KEPT_S, clock)
        self.spare = SpareTime()
        self._hostname = hostname
        self._clock = clock
        self._families = ModelFamilies(registry, hostname)
        self._models: dict[tuple[str, str], ModelRecorder] = {}
        self._objectives: dict[tuple[str, str], Objectives | None] = {}
        self._retired: dict[tuple[str, str], float] = {}
        self._gone: dict[tuple[str, str], None] = {}
        self._custom = CustomFamilies(registry, hostname)
        self.workflows = WorkflowRecorders(registry, self._make_workflow, KEPT_S, clock)
        self._registry = registry
        self.port = self._make_port()
        self._missing = registry.gauge("servescope_models_missing")
        self._read_missing: Callable[[], Collection[tuple[str, str]]] = tuple
        self._snapshots = registry.counter("servescope_snapshots_total")
        self.connections = ConnectionRecorder(registry)
        self.front_ends = FrontEndRecorder(registry)
        self._thread_times = registry.gauge("WorkerThreadTime")
        self._thread_time: Gauge | None = None  # bound on first use: it has no value before
        lag = registry.histogram("servescope_event_loop_lag_seconds").labels()
        scrapes = registry.histogram("servescope_scrape_duration_seconds").labels()
        self.loop_lagged: Callable[[float], None] = lag.observe
        self.scrape_finished: Callable[[float], None] = scrapes.observe
        registry.gauge("servescope_build_info").labels(servescope.__version__, platform.python_version()).value = 1.0
        registry.before_collect(self._before_scrape)

    def model(self, name: str, version: str, objectives: Objectives | None = None) -> ModelRecorder:
        """The writes of a model, made at its registration; one that comes back within five minutes counts on.

        One that comes back with other objectives begins anew.
        """
        key = (name, version)
        if version == WORKFLOW_VERSION:
            self.workflows.drop(name)  # what is counted under it is this model's from now on
        self._retired.pop(key, None)
        self._gone.pop(key, None)
        found, known = self._models.get(key), self._objectives.get(key)
        if found is not None and known != objectives:
            found.remove()
            found = None
        if found is None:
            found = self._models[key] = self._make_model(name, version, objectives)
            self._objectives[key] = objectives
        return found

    def _make_workflow(self, own: WorkflowFamilies, name: str, nodes: Sequence[str]) -> WorkflowRecorder:
        key = (name, WORKFLOW_VERSION)
        self._drop(key)  # a model's that had its place
        bounds = self._families.durations.definition.buckets
        series = RequestSeries(self._families, *key, None, bounds, WORKFLOW_ROUTE)
        return WorkflowRecorder(self._families, own, self.port, series, name, nodes)

    def _make_port(self) -> PortRecorder:
        return PortRecorder(self._registry, self._hostname)

    def _make_model(self, name: str, version: str, objectives: Objectives | None) -> ModelRecorder:
        return ModelRecorder(self._make_parts(name, version, objectives))

    def _make_parts(self, name: str, version: str, objectives: Objectives | None) -> ModelParts:
        custom = CustomMetrics(self._custom, name, version)
        requests = self._make_requests(name, version, objectives)
        llm = LlmRecorder(self._families.llm, name, version, objectives, KEPT_S, self._clock)
        return ModelParts(self._families, custom, name, version, requests, llm)

    def _make_requests(self, name: str, version: str, objectives: Objectives | None) -> RequestRecorder:
        return RequestRecorder(self._make_series(name, version, objectives), self.port, self.spare)

    def _make_series(self, name: str, version: str, objectives: Objectives | None) -> RequestSeries:
        bounds = self._families.durations.definition.buckets
        judge = None
        if objectives is not None:
            judge = ObjectiveCounters(self._registry, name, version, objectives)
            if objectives.latency_s is not None:
                bounds = bounds_with(bounds, (objectives.latency_s,))
        return RequestSeries(self._families, name, version, judge, bounds)

    def forget(self, name: str, version: str) -> None:
        """The model was unregistered: gauges go at once, this project's counts five minutes later.

        What only grows of TorchServe's families and of handlers' metrics stays, as in TorchServe, until MOST_GONE others went.
        """
        key = (name, version)
        found = self._models.get(key)
        if found is not None:
            found.detach()
            self._retired[key] = self._clock() + KEPT_S
            self._gone[key] = None
        self._sweep()

    def worker_loaded(self, worker_name: str, milliseconds: float) -> None:
        """A worker reported its model loaded, so long after the decision to start it. `worker_name`:
        `W-9000-noop_1.0`.
        """
        self.workers.loaded(worker_name, milliseconds)

    def worker_thread_time(self, milliseconds: float) -> None:
        """A command to a worker is done; so much of its time was the front end's own."""
        gauge = self._thread_time
        if gauge is None:
            gauge = self._thread_time = self._thread_times.labels(HOST, self._hostname)
        gauge.value = milliseconds

    def models_missing(self, read: Callable[[], Collection[tuple[str, str]]]) -> None:
        """Let `read` say at scrape time which models are missing: each its name, and one of MISSING_REASONS."""
        self._read_missing = read

    def lost_lines(self, counts: Mapping[str, Callable[[], float]]) -> None:
        """Let each of `counts` say at scrape time how many lines of the log of its name were lost."""
        for log, count in counts.items():
            self._registry.counter("servescope_log_lost_lines_total").read(count, log)

    def snapshots_begin(self) -> None:
        """Snapshots are taken: both outcomes are there, at zero."""
        for outcome in ("written", "failed"):
            self._snapshots.labels(outcome)

    def snapshot(self, outcome: str) -> None:
        """A snapshot was `written`, or has `failed`."""
        self._snapshots.labels(outcome).value += 1.0

    def find(self, name: str, version: str) -> ModelRecorder | None:
        """The writes of a model that is registered, or was less than five minutes ago."""
        return self._models.get((name, version))

    async def settle(self) -> None:
        """Record the requests that are noted and what handlers measured, with the loop let run in between: a scrape begins with
        this.
        """
        models = tuple(self._models.values())
        if asked := [answered for model in models for answered in model.measured.ask()]:
            await asyncio.wait(asked, timeout=ELSEWHERE_S)
        for model in models:
            for _ in model.reading_measured():
                await asyncio.sleep(0)
            if model.requests.unrecorded:
                model.requests.settle()
                await asyncio.sleep(0)

    def _before_scrape(self) -> Iterator[None]:
        """Record what is noted (since `settle`), and drop the series of models and workers that went long enough ago."""
        for key, model in tuple(self._models.items()):
            if self._models.get(key) is model:  # and has not gone meanwhile
                model.read_measured()
                model.requests.settle()
                model.llm.sweep()
            yield
        self._sweep()
        self.workers.sweep()
        self.workflows.sweep()
        self._show_missing()

    def _sweep(self) -> None:
        now = self._clock()
        for key in [key for key, until in self._retired.items() if until <= now]:
            self._drop(key)
        while len(self._gone) > MOST_GONE:
            key = next(iter(self._gone))
            del self._gone[key]
            self._drop(key)
            self._drop_torchserves(*key)

    def _drop(self, key: tuple[str, str]) -> None:
        """Drop this project's series of a model that has gone."""
        if self._retired.pop(key, None) is not None:
            del self._objectives[key]
            self._models.pop(key).remove()

    def _show_missing(self) -> None:
        missing = self._read_missing()
        for labels in self._missing.series.keys() - set(missing):
            self._missing.remove(*labels)
        for labels in missing:
            self._missing.labels(*labels).value = 1.0

    def _drop_torchserves(self, name: str, version: str) -> None:
        """Drop TorchServe's series of it, and with the last version of its name what its handler counted."""
        families = self._families
        labels = [version]
        if not any(other == name for other, _ in (*self._models, *self._gone)):
            labels.append("default")
            self._registry.forget(name)
        for family in (families.ts_requests, families.ts_latency, families.ts_queue_latency):
            for label in labels:
                family.remove(name, label, families.hostname)
