"""The only write API of the metrics: what happened, said by the stage where it happened, on the loop's thread.

In: calls of `web` (answers), `serving` (requests, queues, models) and `fleet` (workers). Out: series in the
registry. Series are bound at registration, so a call on the request path is a look-up and an addition; nothing is
locked or formatted. Observation points are TorchServe's (contract, section C) for its families, and metrics.md's for
this project's own.
"""

import platform
import time
from collections.abc import Callable

import servescope
from servescope.metrics.custom import CustomMetrics
from servescope.metrics.instruments import Gauge
from servescope.metrics.model_recorder import HOST, ModelFamilies, ModelRecorder
from servescope.metrics.registry import Registry

__all__ = ["ModelRecorder", "Recorder"]

# The last counts of an unregistered model are kept so long that a scrape sees them.
KEPT_S = 300.0
# Every new worker has a name of its own, so the load times of workers long gone make room.
_MOST_WORKER_SERIES = 1000


class Recorder:
    """Writes for the whole server; `model` gives the writes for one model.

    `hostname` is the value of every Hostname label. `clock` gives monotonic seconds.
    """

    def __init__(self, registry: Registry, hostname: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._hostname = hostname
        self._clock = clock
        self._families = ModelFamilies(registry, hostname)
        self._models: dict[tuple[str, str], ModelRecorder] = {}
        self._retired: dict[tuple[str, str], float] = {}
        self._custom: dict[str, CustomMetrics] = {}
        self._registry = registry
        self._ok = registry.counter("Requests2XX").labels(HOST, hostname)
        self._client_error = registry.counter("Requests4XX").labels(HOST, hostname)
        self._server_error = registry.counter("Requests5XX").labels(HOST, hostname)
        self._loads = registry.gauge("WorkerLoadTime")
        self._thread_times = registry.gauge("WorkerThreadTime")
        self._thread_time: Gauge | None = None  # bound on first use: it has no value before
        self._scrapes = registry.histogram("servescope_scrape_duration_seconds").labels()
        registry.gauge("servescope_build_info").labels(servescope.__version__, platform.python_version()).value = 1.0
        registry.before_collect(self._sweep)

    def response_sent(self, status: int) -> None:
        """An answer began to leave, on any HTTP port; a stream counts once, with its first piece."""
        if 200 <= status < 300:
            self._ok.value += 1.0
        elif 400 <= status < 500:
            self._client_error.value += 1.0
        else:
            self._server_error.value += 1.0

    def model(self, name: str, version: str) -> ModelRecorder:
        """The writes of a model, made at its registration; one that comes back within five minutes counts on."""
        key = (name, version)
        self._retired.pop(key, None)
        found = self._models.get(key)
        if found is None:
            custom = self._custom.setdefault(name, CustomMetrics(self._registry, self._hostname, name))
            found = self._models[key] = ModelRecorder(self._families, custom, name, version)
        return found

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

    def worker_restarted(self, model: str, version: str, reason: str) -> None:
        """A worker ended that nobody had stopped, for one of RESTART_REASONS."""
        found = self._models.get((model, version))
        if found is not None:
            found.restarted(reason)

    def scrape_finished(self, seconds: float) -> None:
        """An exposition was written out, so long after its request."""
        self._scrapes.observe(seconds)

    def _sweep(self) -> None:
        """Drop the series of models that were unregistered long enough ago."""
        now = self._clock()
        for key in [key for key, until in self._retired.items() if until <= now]:
            del self._retired[key]
            self._models.pop(key).remove()
