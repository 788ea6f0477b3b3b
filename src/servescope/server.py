"""A whole server: builds every part from the settings, starts them in order and takes them down in order.

Made and run by `runtime`. The order of the end: /ping fails and new requests are refused; what is in flight is finished; workers
stop; ports close.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from servescope import __version__
from servescope.archive.source import list_store
from servescope.config.load import require_model_store
from servescope.config.load_list import LoadModel
from servescope.config.model.options import RegisterOptions
from servescope.config.settings import Settings
from servescope.errors import ServescopeError
from servescope.fleet.backends.process import ProcessBackend
from servescope.fleet.gpus import GpuCounter
from servescope.fleet.oom import OomKills
from servescope.fleet.pool import PoolContext
from servescope.logs.model import model_line
from servescope.logs.setup import Logs
from servescope.metrics.collectors.gpu import count_gpus
from servescope.metrics.collectors.gpu_usage import gpu_usage
from servescope.metrics.collectors.host import host_collectors, selected_collectors, written_directories
from servescope.metrics.collectors.process import ProcessMemory
from servescope.metrics.collectors.sampler import Sampler
from servescope.metrics.foreign.passthrough import PassThrough
from servescope.metrics.log_mode.metric_lines import MetricLines
from servescope.metrics.log_mode.recorder import LoggingRecorder
from servescope.metrics.recording.loop_lag import LoopLag
from servescope.metrics.recording.off import SilentRecorder
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.metrics.torchserve.setup import read_definitions
from servescope.serving.catalog import Catalog
from servescope.serving.health import Health
from servescope.serving.lifecycle import Lifecycle
from servescope.serving.registration import Host
from servescope.tracing.setup import open_tracer
from servescope.web.authorization import TokenAuthority
from servescope.web.http.app import Handler, HttpApp
from servescope.web.http.cors import cors_headers
from servescope.web.http.exchange import Observers, json_body
from servescope.web.http.listener import Listener, tls_of
from servescope.web.inference.api import InferenceApi
from servescope.web.management.api import ManagementApi
from servescope.web.management.model_reports import ModelReports
from servescope.web.metrics.api import MetricsApi
from servescope.web.openapi import port_document

logger = logging.getLogger("servescope.runtime")

ACCESS_FLUSH_S = 0.5
STOP_GRACE_S = 10.0


def usable_gpus(settings: Settings) -> int:
    """How many GPUs workers are dealt: those that there are, at most `number_of_gpu`."""
    if settings.number_of_gpu == 0:
        return 0
    found = count_gpus()
    return found if settings.number_of_gpu is None else min(found, settings.number_of_gpu)


class Server:
    """A whole server. `environ` is what its workers inherit; `workspace` where archives are unpacked."""

    def __init__(self, settings: Settings, logs: Logs, environ: dict[str, str], workspace: Path, cwd: Path) -> None:
        self.settings = settings
        self._tls = tls_of(settings)  # first: a start that fails must not leave a key file behind
        self._logs = logs
        hostname = socket.gethostname()
        metrics = read_definitions(settings)
        self._registry = Registry(metrics.definitions, series_budget=settings.metrics_series_budget)
        self._mode = metrics.mode
        self._lines = MetricLines(metrics.logged, hostname, logs.server_metrics, logs.model_metrics)
        self._recorder = self._make_recorder(hostname)
        self._pass_through = PassThrough(self._registry)
        if metrics.mode.shows_custom:
            self._registry.register(self._pass_through)
        self._lag = LoopLag(self._recorder.loop_lagged) if metrics.mode.records else None
        self._tracer = open_tracer(settings, environ)
        self._observers = Observers(self._recorder, logs.access, cors_headers(settings))
        self._catalog = Catalog()
        self._health = Health(self._catalog)
        host = Host(
            settings=settings,
            workspace=workspace,
            environ=environ,
            gpus=GpuCounter(usable_gpus(settings)),
            cpus=len(os.sched_getaffinity(0)),
            recorder=self._recorder,
            pools=self._pool_context(),
            declarations=metrics.declarations,
        )
        self._lifecycle = Lifecycle(self._catalog, host)
        self._reports = ModelReports(
            self._catalog,
            ProcessMemory().resident_bytes,
            lambda gpu: gpu_usage(self._registry, hostname, gpu),
        )
        self._authority = self._token_authority(cwd)
        self._sampler = self._make_sampler(hostname, workspace)
        self._listeners = self._make_listeners()

    def _make_recorder(self, hostname: str) -> Recorder:
        if not self._mode.records:
            return SilentRecorder()
        if self._mode.logs:
            return LoggingRecorder(self._registry, hostname, self._lines, keeps_custom=self._mode.shows_custom)
        return Recorder(self._registry, hostname)

    def _pool_context(self) -> PoolContext:
        numbers = count(self.settings.initial_worker_port)
        return PoolContext(
            ProcessBackend(), self._recorder, self._pass_through, lambda: next(numbers), model_line, OomKills().take
        )

    def _token_authority(self, cwd: Path) -> TokenAuthority | None:
        if self.settings.disable_token_authorization:
            return None
        minutes = self.settings.token_expiration_min
        return TokenAuthority(cwd / "key_file.json", minutes, lambda: datetime.now(UTC))

    def _make_sampler(self, hostname: str, workspace: Path) -> Sampler | None:
        names = selected_collectors(self.settings)
        if not names or not self._mode.records:
            return None
        written = written_directories(self.settings, workspace)
        collectors = host_collectors(hostname, names, self._recorder.workers.processes.snapshot, directories=written)
        return Sampler(collectors, self.settings.metric_time_interval, self._registry, self._lines.reading)

    def _make_listeners(self) -> list[Listener]:
        """One for each address; APIs with the same address share it."""
        settings = self.settings
        ports: dict[str, list[str]] = {}
        for api in (
            ("inference", "metrics", "management") if settings.enable_metrics_api else ("inference", "management")
        ):
            ports.setdefault(str(getattr(settings, f"{api}_address")), []).append(api)
        listeners = []
        for apis in ports.values():
            address = getattr(settings, f"{apis[0]}_address")
            app = HttpApp(self._handlers(apis), settings, self._observers)
            listeners.append(Listener(f"{apis[0]}_address", address, app, self._tls if address.tls else None))
        return listeners

    def _handlers(self, apis: Sequence[str]) -> list[Handler]:
        """The APIs of one port; each knows the description of all."""
        settings = self.settings
        document = port_document(
            __version__,
            **dict.fromkeys(apis, True),
            open_inference=settings.ts_open_inference_protocol,
        )
        text = json_body(document)
        make: dict[str, Callable[[], Handler]] = {
            "inference": lambda: InferenceApi(
                self._catalog, self._health, settings, self._authority, text, self._tracer, shared=len(apis) > 1
            ),
            "metrics": lambda: MetricsApi(
                self._registry,
                self._recorder,
                text,
                shown=self._mode.exposes,
                address=settings.metrics_address,
                peers=settings.metrics_peers,
                before_scrape=self._before_scrape,
            ),
            "management": lambda: ManagementApi(self._lifecycle, self._reports, settings, self._authority, text),
        }
        return [make[api]() for api in apis]

    async def _before_scrape(self) -> None:
        await self._pass_through.gather()
        await self._recorder.settle()

    async def start(self) -> None:
        """Open the ports and begin to load the startup models.

        Raises:
            ConfigurationError: an address cannot be bound.
        """
        if self._sampler is not None:
            self._sampler.start()
        if self._lag is not None:
            self._lag.start()
        for listener in self._listeners:
            await listener.start()
            logger.info("Listening on %s (%s)", listener.address, listener.option)
        for entry in self._startup_models():
            try:
                await self._lifecycle.register(RegisterOptions(url=entry.url, model_name=entry.name), at_startup=True)
            except ServescopeError as error:
                logger.error("Failed to load model %s: %s", entry.url, error)

    def _startup_models(self) -> list[LoadModel]:
        settings = self.settings
        if settings.load_all:
            return [LoadModel(name=None, url=name) for name in list_store(require_model_store(settings))]
        return list(settings.load_models)

    async def run_until(self, stop: asyncio.Event) -> None:
        """Serve until `stop`; keeps the access log moving."""
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), ACCESS_FLUSH_S)
            self._logs.flush()

    async def close(self, hurry: asyncio.Event) -> None:
        """Finish what is in flight, then end; at once when `hurry` is set."""
        self._health.draining = True
        logger.info("Stopping: %d requests are in flight", self._observers.open)
        grace = max((float(model.options.response_timeout_s) for model in self._catalog), default=0.0)
        at_rest = asyncio.ensure_future(self._observers.wait_for_rest())
        hurried = asyncio.ensure_future(hurry.wait())
        await asyncio.wait((at_rest, hurried), timeout=grace + 1, return_when=asyncio.FIRST_COMPLETED)
        await self._lifecycle.close(0.0 if hurry.is_set() else STOP_GRACE_S)
        await asyncio.wait((at_rest,), timeout=1)  # whoever was failed by that gets to read it
        at_rest.cancel()
        hurried.cancel()
        for listener in self._listeners:
            await listener.close()
        if self._lag is not None:
            self._lag.stop()
        if self._sampler is not None:
            await asyncio.to_thread(self._sampler.stop)
        if self._tracer is not None:
            await asyncio.to_thread(self._tracer.close)
        if self._authority is not None:
            self._authority.remove()
        logger.info("Stopped")
