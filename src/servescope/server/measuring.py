"""Everything that measures: the registry, the recorder that writes to it, and what samples by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from servescope.metrics.collectors.host import (
    HOST_COLLECTORS,
    host_collectors,
    selected_collectors,
    written_directories,
)
from servescope.metrics.collectors.sampler import Sampler
from servescope.metrics.foreign.passthrough import PassThrough
from servescope.metrics.log_mode.metric_lines import MetricLines
from servescope.metrics.recording.hosts import OtherHosts
from servescope.metrics.recording.loop_lag import LoopLag
from servescope.metrics.recording.off import silent_recorder
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.metrics.torchserve.setup import read_definitions
from servescope.server.beginning import Beginning
from servescope.server.composition import Part


class Measuring(Part):
    """Gives `registry`, `recorder`, `pass_through`, the `mode`, and what workers are told
    (`declarations`, `worker_measuring`), and `other_hosts`, of which agents tell. `before`: what is to be awaited before a scrape.
    """

    def __init__(self, beginning: Beginning) -> None:
        settings, logs = beginning.settings, beginning.logs
        metrics = read_definitions(settings)
        self.before: list[Callable[[], Awaitable[None]]] = []
        self.mode = metrics.mode
        self.declarations = metrics.declarations
        self.worker_measuring = metrics.measuring
        self.registry = Registry(
            metrics.definitions, series_budget=settings.metrics_series_budget, buckets=metrics.buckets
        )
        self.pass_through = PassThrough(self.registry)
        if self.mode.shows_custom:
            self.registry.register(self.pass_through)
        lines = MetricLines(metrics.logged, beginning.hostname, logs.server_metrics, logs.model_metrics)
        self.recorder = self._make_recorder(beginning.hostname, lines)
        self.recorder.lost_lines(logs.lost)
        logs.access.when_few = partial(self.recorder.spare.later, lambda _alone: logs.junction.flush())
        self._lag = LoopLag(self.recorder.loop_lagged) if self.mode.records else None
        self.other_hosts = self._make_other_hosts(beginning)
        self._sampler = self._make_sampler(beginning, lines)

    def _make_recorder(self, hostname: str, lines: MetricLines) -> Recorder:
        if not self.mode.records:
            return silent_recorder()
        if self.mode.logs:
            from servescope.metrics.log_mode.recorder import LoggingRecorder

            return LoggingRecorder(self.registry, hostname, lines, keeps_custom=self.mode.shows_custom)
        return Recorder(self.registry, hostname)

    def _make_other_hosts(self, beginning: Beginning) -> OtherHosts:
        names = selected_collectors(beginning.settings) if self.mode.records else ()
        wanted = [name for name in names if name in HOST_COLLECTORS]
        return OtherHosts(beginning.hostname, wanted, beginning.settings.metric_time_interval)

    def _make_sampler(self, beginning: Beginning, lines: MetricLines) -> Sampler | None:
        names = selected_collectors(beginning.settings)
        if not names or not self.mode.records:
            return None
        written = written_directories(beginning.settings, beginning.workspace)
        processes = self.recorder.workers.processes
        collectors = host_collectors(
            beginning.hostname,
            names,
            processes.snapshot,
            directories=written,
            elsewhere=processes.elsewhere,
            other_hosts=self.other_hosts.snapshot,
        )
        return Sampler(collectors, beginning.settings.metric_time_interval, self.registry, lines.reading)

    async def before_scrape(self) -> None:
        """Bring in what workers, front ends and the recorder have not written yet."""
        for bring in self.before:
            await bring()
        await self.pass_through.gather()
        await self.recorder.settle()

    async def start(self) -> None:
        """Begin to sample."""
        if self._sampler is not None:
            self._sampler.start()
        if self._lag is not None:
            self._lag.start()

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """Sample no more."""
        if self._lag is not None:
            self._lag.stop()
        if self._sampler is not None:
            await asyncio.to_thread(self._sampler.stop)
