"""Runs the collectors on a thread of their own, each isolated and timed, and writes their readings to the registry.

In: collectors. Out: gauges and counters that only this thread writes: values are assigned, and series bound and
dropped in single dict operations, while renders on the loop's thread work on snapshots (`instruments`). Built and
started by `server`.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from servescope.errors import ConfigurationError
from servescope.metrics.collectors.reading import Collector, PartlyFailed, Reading
from servescope.metrics.collectors.sampled_series import SampledSeries, SeriesKey
from servescope.metrics.registry import Registry

logger = logging.getLogger(__name__)


class Sampler:
    """Samples at once when started, then every `interval_s` seconds until stopped.

    Raises ConfigurationError where the interval, the option `metric_time_interval`, is not above 0. `on_reading` is
    told each reading, on the sampler's thread. `clock` gives seconds.
    """

    def __init__(
        self,
        collectors: Sequence[Collector],
        interval_s: float,
        registry: Registry,
        on_reading: Callable[[Reading], None] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if not interval_s > 0:
            raise ConfigurationError(f"metric_time_interval must be a number of seconds above 0, not {interval_s}")
        self._collectors = tuple(collectors)
        self._interval_s = interval_s
        self._on_reading = on_reading
        self._clock = clock
        self._success = registry.gauge("servescope_collector_success")
        self._duration = registry.gauge("servescope_collector_duration_seconds")
        self._series = SampledSeries(registry)
        self._shown: dict[str, set[SeriesKey]] = {}
        self._failing: dict[str, str] = {}
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
        """Read and write one collector's series; whether all of it worked."""
        name = collector.name
        trouble: Exception | None = None
        try:
            readings: Iterable[Reading] = list(collector.update())
        except PartlyFailed as error:
            readings, trouble = error.readings, error
        except Exception as error:
            readings, trouble = (), error
        shown: set[SeriesKey] = set()
        stale = self._shown.get(name, set())
        try:
            for reading in readings:
                shown.add(self._series.write(reading))
                if self._on_reading is not None:
                    self._on_reading(reading)
        except Exception as error:  # a metrics_config that took labels away, say
            stale, shown, trouble = stale | shown, set(), error
        self._series.drop(stale - shown)
        self._shown[name] = shown
        self._note(name, trouble)
        return trouble is None

    def _note(self, name: str, trouble: Exception | None) -> None:
        """Log a failure when it begins or becomes another, not every few seconds from then on."""
        if trouble is None:
            self._failing.pop(name, None)
        elif self._failing.get(name) != str(trouble):
            self._failing[name] = str(trouble)
            if isinstance(trouble, PartlyFailed):
                logger.warning("collector %s fails in part: %s; these metrics are absent", name, trouble)
            else:
                logger.warning("collector %s fails; its metrics are absent", name, exc_info=trouble)
