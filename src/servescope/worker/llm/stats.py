"""The engine's own numbers → `EngineStats`. In: what vLLM's scheduler says after each step; out: messages, some a second.

`EngineRecorder` is what vLLM calls (the interface is vllm.v1.metrics.loggers.StatLoggerBase, which `engine` mixes in);
`StatsThrottle` decides when the front end hears of it.
"""

from collections.abc import Callable
from typing import Any

from servescope.wire.messages import EngineStats

INTERVAL_S = 0.05


class StatsThrottle:
    """Sends what has changed, at most once each `interval` seconds, and the last state always.

    `clock` gives seconds; `call_later(delay, callback)` is an event loop's.
    """

    def __init__(
        self,
        send: Callable[[EngineStats], None],
        clock: Callable[[], float],
        call_later: Callable[[float, Callable[[], None]], object],
        interval: float = INTERVAL_S,
    ) -> None:
        self._send = send
        self._clock = clock
        self._call_later = call_later
        self._interval = interval
        self._sent_at = float("-inf")
        self._sent = (0, 0, 0.0)  # an engine that has just been loaded is at rest, and its worker says so
        self._now = self._sent
        self._preemptions = 0
        self._due = False

    def update(self, running: int, waiting: int, kv_cache_usage: float, preemptions: int) -> None:
        """The state now, and how many more requests were preempted."""
        self._now = (running, waiting, kv_cache_usage)
        self._preemptions += preemptions
        if self._due or (self._now == self._sent and not self._preemptions):
            return
        wait = self._sent_at + self._interval - self._clock()
        if wait <= 0:
            self._flush()
        else:
            self._due = True
            self._call_later(wait, self._flush)

    def _flush(self) -> None:
        self._due = False
        if self._now == self._sent and not self._preemptions:
            return
        preemptions, self._preemptions = self._preemptions, 0
        self._sent = self._now
        self._sent_at = self._clock()
        self._send(EngineStats(*self._now, preemptions))


class EngineTotals:
    """The numbers of all engines behind one client, as one: vLLM has several with data parallelism."""

    def __init__(self, throttle: StatsThrottle) -> None:
        self._throttle = throttle
        self._engines: dict[int, tuple[int, int, float]] = {}

    def update(self, engine: int, running: int, waiting: int, kv_cache_usage: float, preemptions: int) -> None:
        """One engine's state now. Requests are added up, the cache's use is the mean."""
        self._engines[engine] = (running, waiting, kv_cache_usage)
        states = list(self._engines.values())
        self._throttle.update(
            sum(state[0] for state in states),
            sum(state[1] for state in states),
            sum(state[2] for state in states) / len(states),
            preemptions,
        )

    def preempted(self, engine: int, preemptions: int) -> None:
        """A step that says nothing of the scheduler's state."""
        self.update(engine, *self._engines.get(engine, (0, 0, 0.0)), preemptions)


class EngineRecorder:
    """One engine's logger: vLLM calls `record` after each step that has something to tell."""

    def __init__(self, totals: EngineTotals, engine_index: int) -> None:
        self._totals = totals
        self._index = engine_index

    def record(
        self, scheduler_stats: Any, iteration_stats: Any, mm_cache_stats: Any = None, engine_idx: int | None = None
    ) -> None:
        """Take vLLM's SchedulerStats and IterationStats of a step, either of them None where there is nothing."""
        del mm_cache_stats, engine_idx
        preemptions = iteration_stats.num_preempted_reqs if iteration_stats is not None else 0
        if scheduler_stats is None:
            if preemptions:
                self._totals.preempted(self._index, preemptions)
            return
        waiting = scheduler_stats.num_waiting_reqs + getattr(scheduler_stats, "num_skipped_waiting_reqs", 0)
        self._totals.update(
            self._index, scheduler_stats.num_running_reqs, waiting, scheduler_stats.kv_cache_usage, preemptions
        )

    def log_engine_initialized(self) -> None:
        """Nothing to say: the worker's `Loaded` says it."""

    def log(self) -> None:
        """Nothing to write: vLLM's own logger does."""

    def record_sleep_state(self, is_awake: int, level: int) -> None:
        """A sleeping engine is told by vLLM's own metrics."""
