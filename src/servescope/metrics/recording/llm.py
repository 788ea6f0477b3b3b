"""The writes of one language model: its tokens, their times, and the engines of its workers.

In: calls of `serving.queue.batch` (what a reply says of tokens) and `fleet.pool` (what engines report), on the loop's thread. Out:
series in the registry, from `begin` on. Every model's recorder has one; those of other models show nothing. Made by `recorder`.
"""

from collections.abc import Callable
from typing import NamedTuple

from servescope.config.model.objectives import Objectives
from servescope.metrics.definitions import FINISH_REASONS, TOKEN_KINDS
from servescope.metrics.drops import OTHER
from servescope.metrics.instruments import Counter, Gauge, Histogram
from servescope.metrics.instruments.buckets import bounds_with
from servescope.metrics.instruments.histogram import MOST_PENDING
from servescope.metrics.recording.families import LlmFamilies
from servescope.metrics.recording.workers import MOST_GONE
from servescope.wire.messages import EngineStats, Tokens


class _Series(NamedTuple):
    """The series of the model itself."""

    first_token: Histogram
    gaps: Histogram
    prompt: Counter
    cached: Counter
    generation: Counter


class _Engine(NamedTuple):
    """The gauges of one worker's engine."""

    running: Gauge
    waiting: Gauge
    kv_cache: Gauge


class LlmRecorder:
    """What happens to one language model. The thresholds of `objectives` are bounds of its histograms.

    A worker's gauges go with its process; its preemptions stay `kept_s` seconds after it has gone for good.
    """

    __slots__ = (
        "_clock", "_engines", "_families", "_finished", "_gone", "_kept_s", "_model", "_objectives", "_preemptions", "_series",
    )  # fmt: skip

    def __init__(
        self,
        families: LlmFamilies,
        name: str,
        version: str,
        objectives: Objectives | None,
        kept_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._families = families
        self._model = (name, version)
        self._objectives = objectives
        self._kept_s = kept_s
        self._clock = clock
        self._series: _Series | None = None
        self._finished: dict[str, Counter] = {}
        self._engines: dict[str, _Engine] = {}
        self._preemptions: dict[str, Counter] = {}
        self._gone: dict[str, float] = {}

    def begin(self) -> None:
        """A worker says that this is a language model: its series exist, at zero, from now on."""
        if self._series is None:
            self._series = self._bind()

    def _bind(self) -> _Series:
        families, model, asked = self._families, self._model, self._objectives
        first, gaps = families.first_token.definition.buckets, families.gaps.definition.buckets
        if asked is not None:
            first, gaps = bounds_with(first, (asked.ttft_s,)), bounds_with(gaps, (asked.itl_s,))
        self._finished = {why: families.finished.labels(*model, why) for why in FINISH_REASONS}
        return _Series(
            families.first_token.labels(*model, bounds=first),
            families.gaps.labels(*model, bounds=gaps),
            *(families.tokens.labels(*model, kind) for kind in TOKEN_KINDS),
        )

    def tokens(self, tokens: Tokens) -> None:
        """A reply says what the model has done for a request since the last one, whoever still waits for the answer."""
        series = self._series
        if series is None:
            series = self._series = self._bind()
        series.prompt.value += tokens.prompt
        series.cached.value += tokens.cached
        series.generation.value += tokens.generation
        if tokens.gaps_s:
            pending = series.gaps.pending
            pending += tokens.gaps_s
            if len(pending) >= MOST_PENDING:
                series.gaps.fold()
        for reason in tokens.finished:
            self._count_end(reason)

    def _count_end(self, reason: str) -> None:
        """Another reason than FINISH_REASONS gets a series when it first occurs; those past the budget share one."""
        counter = self._finished.get(reason)
        if counter is None:
            families = self._families
            if len(self._finished) >= max(families.budget, len(FINISH_REASONS)):
                families.drops.count(families.finished.definition.name, "series_budget", self._model[0])
                counter = families.finished.labels(*self._model, OTHER)
            else:
                counter = self._finished[reason] = families.finished.labels(*self._model, reason)
        counter.value += 1.0

    def first_token(self, seconds: float) -> None:
        """A request's client, who is still there, has its first token, so long after the request arrived."""
        self.begin()
        assert self._series is not None
        self._series.first_token.observe(seconds)

    def engine(self, worker: str, stats: EngineStats) -> None:
        """A worker's engine is now as `stats` say."""
        engine = self._engines.get(worker)
        if engine is None:
            engine = self._bind_engine(worker)
        engine.running.value = float(stats.running)
        engine.waiting.value = float(stats.waiting)
        engine.kv_cache.value = stats.kv_cache_usage
        self._preemptions[worker].value += stats.preemptions

    def _bind_engine(self, worker: str) -> _Engine:
        families, labels = self._families, (*self._model, worker)
        gauges = (families.running.labels(*labels), families.waiting.labels(*labels), families.kv_cache.labels(*labels))
        engine = self._engines[worker] = _Engine(*gauges)
        self._preemptions[worker] = families.preemptions.labels(*labels)
        self._gone.pop(worker, None)
        return engine

    def worker_ended(self, worker: str) -> None:
        """A worker's process has ended, and its engine with it; it may get another. Twice does no harm."""
        if self._engines.pop(worker, None) is not None:
            families, labels = self._families, (*self._model, worker)
            for family in (families.running, families.waiting, families.kv_cache):
                family.remove(*labels)

    def worker_gone(self, worker: str) -> None:
        """A worker will not come back."""
        self.worker_ended(worker)
        if worker in self._preemptions:
            self._gone[worker] = self._clock() + self._kept_s
        self.sweep()

    def sweep(self) -> None:
        """Drop what is left of workers that went long enough ago."""
        now = self._clock()
        too_many = len(self._gone) - MOST_GONE
        for number, (worker, until) in enumerate(list(self._gone.items())):
            if number >= too_many and until > now:
                break
            del self._gone[worker], self._preemptions[worker]
            self._families.preemptions.remove(*self._model, worker)

    def remove(self) -> None:
        """Drop all series."""
        families, model = self._families, self._model
        for worker in list(self._engines):
            self.worker_ended(worker)
        for worker in self._preemptions:
            families.preemptions.remove(*model, worker)
        for reason in (*self._finished, OTHER):
            families.finished.remove(*model, reason)
        for kind in TOKEN_KINDS:
            families.tokens.remove(*model, kind)
        families.first_token.remove(*model)
        families.gaps.remove(*model)
        self._preemptions, self._gone, self._finished, self._series = {}, {}, {}, None
