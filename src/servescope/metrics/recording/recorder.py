"""The only write API of the metrics: what happened, said by the stage where it happened, on the loop's thread.

In: calls of `web` (answers), `serving` (requests, queues, models) and `fleet` (workers). Out: series in the
registry. Series are bound at registration, so a call on the request path is a look-up and an addition; nothing is
locked or formatted. Observation points are TorchServe's (contract, section C) for its families, and metrics.md's for
this project's own.
"""

import asyncio
import platform
import time
from collections.abc import Callable

import servescope
from servescope.config.model.objectives import Objectives
from servescope.metrics.instruments import Gauge
from servescope.metrics.instruments.buckets import bounds_with
from servescope.metrics.recording.connections import ConnectionRecorder
from servescope.metrics.recording.families import ModelFamilies
from servescope.metrics.recording.llm import LlmRecorder
from servescope.metrics.recording.model import HOST, ModelRecorder
from servescope.metrics.recording.ports import PortRecorder
from servescope.metrics.recording.requests.objectives import ObjectiveCounters
from servescope.metrics.recording.requests.recorder import RequestRecorder
from servescope.metrics.recording.requests.series import RequestSeries
from servescope.metrics.recording.workers import WorkerRecorder
from servescope.metrics.registry import Registry
from servescope.metrics.torchserve.custom import CustomMetrics

__all__ = ["ModelRecorder", "Recorder"]

# The last counts of an unregistered model are kept so long that a scrape sees them.
KEPT_S = 300.0
# Every new worker has a name of its own, so the load times of workers long gone make room.
_MOST_WORKER_SERIES = 1000


class Recorder:
    """Writes for the whole server; `model` gives the writes for one model, `workers` takes those of workers, `port` what
    was asked on the ports, `connections` who is connected to them.

    `hostname` is the value of every Hostname label. `clock` gives monotonic seconds.
    """

    def __init__(self, registry: Registry, hostname: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.workers = WorkerRecorder(registry, KEPT_S, clock)
        self._hostname = hostname
        self._clock = clock
        self._families = ModelFamilies(registry, hostname)
        self._models: dict[tuple[str, str], ModelRecorder] = {}
        self._objectives: dict[tuple[str, str], Objectives | None] = {}
        self._retired: dict[tuple[str, str], float] = {}
        self._custom: dict[str, CustomMetrics] = {}
        self._registry = registry
        self.port = self._make_port()
        self.connections = ConnectionRecorder(registry)
        self._loads = registry.gauge("WorkerLoadTime")
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
        self._retired.pop(key, None)
        found, known = self._models.get(key), self._objectives.get(key)
        if found is not None and known != objectives:
            found.remove()
            found = None
        if found is None:
            found = self._models[key] = self._make_model(name, version, objectives)
            self._objectives[key] = objectives
        return found

    def _make_port(self) -> PortRecorder:
        return PortRecorder(self._registry, self._hostname)

    def _make_model(self, name: str, version: str, objectives: Objectives | None) -> ModelRecorder:
        custom = self._custom.setdefault(name, CustomMetrics(self._registry, self._hostname, name))
        requests = self._make_requests(name, version, objectives)
        return ModelRecorder(self._families, custom, name, version, requests, self._make_llm(name, version, objectives))

    def _make_llm(self, name: str, version: str, objectives: Objectives | None) -> LlmRecorder:
        return LlmRecorder(self._families.llm, name, version, objectives, KEPT_S, self._clock)

    def _make_requests(self, name: str, version: str, objectives: Objectives | None) -> RequestRecorder:
        return RequestRecorder(self._make_series(name, version, objectives), self.port)

    def _make_series(self, name: str, version: str, objectives: Objectives | None) -> RequestSeries:
        bounds = self._families.durations.definition.buckets
        judge = None
        if objectives is not None:
            judge = ObjectiveCounters(self._registry, name, version, objectives)
            if objectives.latency_s is not None:
                bounds = bounds_with(bounds, (objectives.latency_s,))
        return RequestSeries(self._families, name, version, judge, bounds)

    def forget(self, name: str, version: str) -> None:
        """The model was unregistered: what is read at scrape time goes at once, its counts five minutes later.

        TorchServe's families and custom metrics stay, as TorchServe's do.
        """
        found = self._models.get((name, version))
        if found is not None:
            found.detach()
            self._retired[name, version] = self._clock() + KEPT_S

    def worker_loaded(self, worker_name: str, milliseconds: float) -> None:
        """A worker reported its model loaded, so long after the decision to start it. `worker_name`:
        `W-9000-noop_1.0`.
        """
        self._loads.labels(worker_name, HOST, self._hostname).value = milliseconds
        if len(self._loads.series) > _MOST_WORKER_SERIES:
            self._loads.remove(*next(iter(self._loads.series)))

    def worker_thread_time(self, milliseconds: float) -> None:
        """A command to a worker is done; so much of its time was the front end's own."""
        gauge = self._thread_time
        if gauge is None:
            gauge = self._thread_time = self._thread_times.labels(HOST, self._hostname)
        gauge.value = milliseconds

    def find(self, name: str, version: str) -> ModelRecorder | None:
        """The writes of a model that is registered, or was less than five minutes ago."""
        return self._models.get((name, version))

    async def settle(self) -> None:
        """Record the requests that are noted, with the loop let run in between: a scrape begins with this."""
        for model in tuple(self._models.values()):
            if model.requests.unrecorded:
                model.requests.settle()
                await asyncio.sleep(0)

    def _before_scrape(self) -> None:
        """Record what is noted (since `settle`), and drop the series of models and workers that went long enough ago."""
        for model in self._models.values():
            model.requests.settle()
            model.llm.sweep()
        now = self._clock()
        for key in [key for key, until in self._retired.items() if until <= now]:
            del self._retired[key]
            del self._objectives[key]
            self._models.pop(key).remove()
        self.workers.sweep()
