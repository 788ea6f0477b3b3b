"""Runs the collectors on a thread of their own, each isolated and timed, and writes their readings to the registry.

In: collectors. Out: gauges that only this thread writes: values are assigned, and series bound and dropped in single
dict operations, while renders on the loop's thread work on snapshots (`instruments`). Built and started by
`runtime`.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from servescope.errors import ConfigurationError
from servescope.metrics.collectors.reading import Collector
from servescope.metrics.registry import Registry

logger = logging.getLogger(__name__)
_Key = tuple[str, tuple[str, ...]]


class Sampler:
    """Samples at once when started, then every `interval_s` seconds until stopped.

    Raises ConfigurationError where the interval, the option `metric_time_interval`, is not above 0. `clock` gives
    seconds.
    """

    def __init__(
        self,
        collectors: Sequence[Collector],
        interval_s: float,
        registry: Registry,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if not interval_s > 0:
            raise ConfigurationError(f"metric_time_interval must be a number of seconds above 0, not {interval_s}")
        self._collectors = tuple(collectors)
        self._interval_s = interval_s
        self._registry = registry
        self._clock = clock
        self._success = registry.gauge("servescope_collector_success")
        self._duration = registry.gauge("servescope_collector_duration_seconds")
        self._shown: dict[str, set[_Key]] = {}
        self._failing: set[str] = set()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, on a daemon thread; the first sample is taken at once. Does nothing while it runs."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="servescope-collectors", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End after the sample in hand; waits for it at most so long (a stuck driver must not hold up the shutdown)."""
        if self._thread is not None:
            self._stopping.set()
            self._thread.join(timeout_s)
            self._thread = None

    def _run(self) -> None:
        self.sample_once()
        while not self._stopping.wait(self._interval_s):
            self.sample_once()

    def sample_once(self) -> None:
        """Run every collector once. Never raises: a failing one loses its own readings only."""
        for collector in self._collectors:
            started = self._clock()
            worked = self._sample(collector)
            self._duration.labels(collector.name).value = self._clock() - started
            self._success.labels(collector.name).value = float(worked)

    def _sample(self, collector: Collector) -> bool:
        name = collector.name
        try:
            readings = list(collector.update())
        except Exception:
            # Logged when it begins to fail, not every few seconds from then on.
            if name not in self._failing:
                logger.warning("collector %s fails; its metrics are absent", name, exc_info=True)
            self._failing.add(name)
            self._drop(self._shown.pop(name, set()))
            return False
        self._failing.discard(name)
        for reading in readings:
            self._registry.gauge(reading.family).labels(*reading.labels).value = float(reading.value)
        shown = {(reading.family, reading.labels) for reading in readings}
        self._drop(self._shown.get(name, set()) - shown)
        self._shown[name] = shown
        return True

    def _drop(self, keys: set[_Key]) -> None:
        """Remove series that were not read this time: an old value would pass for a new one."""
        for family, labels in keys:
            self._registry.gauge(family).remove(*labels)
