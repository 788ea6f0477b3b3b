"""Runs the collectors on a thread of their own, each isolated and timed, and writes their readings to the registry.

In: collectors. Out: gauges and counters that only this thread writes: values are assigned, and series bound and
dropped in single dict operations, while renders on the loop's thread work on snapshots (`instruments`). Built and
started by `server`. A collector that does not come back (a dead network file system, a driver that stalls) keeps its thread;
a scrape notices, and another thread goes on with the others.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct, field

from servescope.errors import ConfigurationError
from servescope.metrics.collectors.reading import Collector, PartlyFailed, Reading
from servescope.metrics.collectors.sampled_series import SampledSeries, SeriesKey
from servescope.metrics.registry import Registry

logger = logging.getLogger(__name__)

# Seconds after which a collector is given up until it comes back. Starting NVML for eight GPUs may take ten.
LATE_S = 15.0


class _Run(Struct, eq=False):
    """A collector, the series that it shows, and how it fails, "" where it does not. `began`: on the sampler's clock, None while
    it is not asked. `given_up`: it has been asked for too long.
    """

    collector: Collector
    shown: set[SeriesKey] = field(default_factory=set)
    failing: str = ""
    began: float | None = None
    given_up: bool = False


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
        self._runs = tuple(map(_Run, collectors))
        self._interval_s = interval_s
        self._on_reading = on_reading
        self._clock = clock
        self._success = registry.gauge("servescope_collector_success")
        self._duration = registry.gauge("servescope_collector_duration_seconds")
        self._series = SampledSeries(registry)
        self._writing = threading.Lock()  # one that was given up may come back while its successor writes
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        registry.before_collect(self._watch)

    def start(self) -> None:
        """Begin, on a daemon thread; the first sample is taken at once. Does nothing while it runs."""
        if self._thread is None:
            self._stopping.clear()
            self._go_on()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End after the sample in hand; waits for it at most so long (a stuck driver must not hold up the shutdown)."""
        if self._thread is not None:
            self._stopping.set()
            self._thread.join(timeout_s)
            self._thread = None

    def _go_on(self) -> None:
        self._thread = threading.Thread(target=self._run, name="servescope-collectors", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            for run in self._runs:
                if run.began is None:
                    self._sample(run)
                if self._thread is not threading.current_thread():
                    return  # given up, and another one goes on; or stopped
            if self._stopping.wait(self._interval_s):
                return

    def _watch(self) -> None:
        """A scrape begins: where a collector has taken too long, leave it its thread and go on without it."""
        for run in self._runs:
            began = run.began
            if began is not None and not run.given_up and self._clock() - began > LATE_S and self._thread is not None:
                run.given_up = True
                self._go_on()

    def sample_once(self) -> None:
        """Run every collector once. Never raises: a failing one loses its own readings only."""
        for run in self._runs:
            self._sample(run)

    def _sample(self, run: _Run) -> None:
        """Ask one collector, and write its series."""
        self._drop_given_up()
        trouble: Exception | None = None
        started = run.began = self._clock()
        try:
            readings: Iterable[Reading] = list(run.collector.update())
        except PartlyFailed as error:
            readings, trouble = error.readings, error
        except Exception as error:
            readings, trouble = (), error
        with self._writing:
            if not run.given_up:  # what it says is old by then
                self._note(run, self._write(run, readings) or trouble)
                self._duration.labels(run.collector.name).value = self._clock() - started
            run.given_up, run.began = False, None

    def _drop_given_up(self) -> None:
        with self._writing:
            for run in self._runs:
                if run.given_up:
                    self._write(run, ())
                    self._note(run, TimeoutError(f"it has not come back for {LATE_S:.0f} s"))

    def _write(self, run: _Run, readings: Iterable[Reading]) -> Exception | None:
        """Show these and no others of the collector; what was wrong with them."""
        trouble: Exception | None = None
        shown: set[SeriesKey] = set()
        stale = run.shown
        try:
            for reading in readings:
                shown.add(self._series.write(reading))
                if self._on_reading is not None:
                    self._on_reading(reading)
        except Exception as error:  # a metrics_config that took labels away, say
            stale, shown, trouble = stale | shown, set(), error
        self._series.drop(stale - shown)
        run.shown = shown
        return trouble

    def _note(self, run: _Run, trouble: Exception | None) -> None:
        """Whether it worked; log a failure when it begins or becomes another, not every few seconds from then on."""
        name = run.collector.name
        self._success.labels(name).value = float(trouble is None)
        said = "" if trouble is None else f"{trouble}" or repr(trouble)
        if said and said != run.failing:
            if isinstance(trouble, PartlyFailed):
                logger.warning("collector %s fails in part: %s; these metrics are absent", name, trouble)
            else:
                logger.warning("collector %s fails; its metrics are absent", name, exc_info=trouble)
        run.failing = said
