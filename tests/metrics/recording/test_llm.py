"""Language models: what their replies and engines say becomes series, which live as long as they mean something."""

import pytest

from clock import Clock
from metrics.series import family, series
from servescope.config.model.objectives import Objectives
from servescope.metrics.definitions import FINISH_REASONS, TOKEN_KINDS
from servescope.metrics.definitions.llm import LLM
from servescope.metrics.instruments.histogram import MOST_PENDING
from servescope.metrics.recording.recorder import KEPT_S, Recorder
from servescope.metrics.registry import Registry
from servescope.wire.messages import EngineStats, Tokens

MODEL = ("tiny", "1.0")
WORKER = "W-9000-tiny_1.0"
GAUGES = ("requests_running", "requests_waiting", "kv_cache_usage_ratio")


class Bench:
    """A language model's recorder over a clock that is set by hand."""

    def __init__(self, objectives=None, **options):
        self.clock = Clock(0.0)
        self.registry = Registry(**options)
        self.recorder = Recorder(self.registry, "h", self.clock)
        self.llm = self.recorder.model(*MODEL, objectives).llm

    def family(self, name):
        return family(self.registry, f"servescope_llm_{name}")

    def histogram(self, name):
        return self.family(name).series[MODEL]

    def values(self, name):
        """By the labels after the model's."""
        found = series(self.registry, f"servescope_llm_{name}")
        assert all(labels[:2] == MODEL for labels in found)
        return {labels[2]: value for labels, value in found.items()}


@pytest.fixture
def bench():
    return Bench()


def test_other_models_have_none_of_it(bench):
    """Until a worker says that it serves a language model; then all exist, at zero, but those of workers."""
    assert [one.definition.name for one in bench.registry.collect() if one.definition in LLM and one.series] == []
    bench.llm.begin()
    bench.llm.begin()
    assert bench.values("tokens_total") == dict.fromkeys(TOKEN_KINDS, 0.0)
    assert bench.values("finished_total") == dict.fromkeys(FINISH_REASONS, 0.0)
    assert [bench.histogram(name).count for name in ("time_to_first_token_seconds", "inter_token_seconds")] == [0, 0]
    assert [bench.values(name) for name in (*GAUGES, "preemptions_total")] == [{}, {}, {}, {}]


def test_tokens(bench):
    """They add up by kind, cached ones are among the prompt's; each gap is one observation."""
    bench.llm.tokens(Tokens(prompt=10, cached=8, generation=1, first_s=0.1))
    bench.llm.tokens(Tokens(generation=3, gaps_s=[0.02, 0.03, 0.3]))
    bench.llm.tokens(Tokens(finished=["stop", "length"]))
    bench.llm.tokens(Tokens(finished=["stop"]))
    assert bench.values("tokens_total") == {"prompt": 10, "cached_prompt": 8, "generation": 4}
    assert bench.values("finished_total") == {"stop": 2, "length": 1, "abort": 0, "error": 0}
    gaps = bench.histogram("inter_token_seconds")
    assert (gaps.count, gaps.sum) == (3, pytest.approx(0.35))
    assert bench.histogram("time_to_first_token_seconds").count == 0


def test_gaps_do_not_pile_up(bench):
    """However long nobody scrapes."""
    for _ in range(3):
        bench.llm.tokens(Tokens(gaps_s=[0.01] * (MOST_PENDING - 1)))
    gaps = bench.histogram("inter_token_seconds")
    assert len(gaps.pending) < MOST_PENDING
    assert gaps.count == 3 * (MOST_PENDING - 1)


def test_first_tokens(bench):
    """One observation a request."""
    bench.llm.first_token(0.07)
    bench.llm.first_token(200.0)
    first = bench.histogram("time_to_first_token_seconds")
    assert (first.count, first.counts[first.bounds.index(0.08)], first.counts[-1]) == (2, 1, 1)


def test_thresholds_are_bounds():
    """So that the share of requests within them can be read off exactly; a bound that is there stays one."""
    bench = Bench(Objectives(ttft_s=0.3, ttft_target=0.9, itl_s=0.05, itl_target=0.9))
    bench.llm.begin()
    plain = Bench()
    plain.llm.begin()
    first, usual = (one.histogram("time_to_first_token_seconds").bounds for one in (bench, plain))
    assert set(first) - set(usual) == {0.3}
    assert bench.histogram("inter_token_seconds").bounds == plain.histogram("inter_token_seconds").bounds


def test_unforeseen_reasons_are_bounded():
    """The first get series of their own, the others share one, and each is counted as dropped."""
    bench = Bench(series_budget=5)
    bench.llm.tokens(Tokens(finished=["repetition", "x", "y", "stop", "repetition"]))
    expected = {"stop": 1, "length": 0, "abort": 0, "error": 0, "repetition": 2, "other": 2}
    assert bench.values("finished_total") == expected
    assert series(bench.registry, "servescope_series_dropped_total") == {("servescope_llm_finished_total",): 2}


def test_an_engine(bench):
    """Its gauges are what it said last, its preemptions add up."""
    bench.llm.engine(WORKER, EngineStats(0, 0, 0.0, 0))
    assert [bench.values(name) for name in (*GAUGES, "preemptions_total")] == [{WORKER: 0.0}] * 4
    bench.llm.engine(WORKER, EngineStats(3, 2, 0.875, 1))
    bench.llm.engine(WORKER, EngineStats(4, 1, 0.5, 2))
    bench.llm.engine("W-9001-tiny_1.0", EngineStats(1, 0, 0.25, 0))
    assert [bench.values(name)[WORKER] for name in GAUGES] == [4, 1, 0.5]
    assert bench.values("preemptions_total") == {WORKER: 3, "W-9001-tiny_1.0": 0}
    assert bench.values("requests_running")["W-9001-tiny_1.0"] == 1


def test_a_process_that_ends_takes_its_gauges(bench):
    """Nothing stale is shown; preemptions count on in the next process."""
    bench.llm.engine(WORKER, EngineStats(3, 2, 0.875, 5))
    bench.llm.worker_ended(WORKER)
    bench.llm.worker_ended(WORKER)
    assert [bench.values(name) for name in GAUGES] == [{}, {}, {}]
    assert bench.values("preemptions_total") == {WORKER: 5}
    bench.clock.now = 10 * KEPT_S
    bench.llm.engine(WORKER, EngineStats(1, 0, 0.1, 1))
    assert [bench.values(name)[WORKER] for name in GAUGES] == [1, 0, 0.1]
    assert bench.values("preemptions_total") == {WORKER: 6}


def test_a_worker_that_goes_keeps_its_preemptions_for_five_minutes(bench):
    """As its busy seconds; one that had no engine leaves nothing."""
    bench.llm.engine(WORKER, EngineStats(3, 2, 0.875, 5))
    bench.llm.worker_gone(WORKER)
    bench.llm.worker_gone("W-9009-tiny_1.0")
    bench.clock.now = KEPT_S - 1
    assert ([bench.values(name) for name in GAUGES], bench.values("preemptions_total")) == ([{}, {}, {}], {WORKER: 5})
    bench.clock.now = KEPT_S
    assert bench.values("preemptions_total") == {}


def test_a_forgotten_model(bench):
    """Its counts stay five minutes, then nothing is left."""
    bench.llm.tokens(Tokens(prompt=1, generation=1, gaps_s=[0.1], finished=["stop", "unforeseen"]))
    bench.llm.first_token(0.1)
    bench.llm.engine(WORKER, EngineStats(1, 0, 0.1, 1))
    bench.llm.worker_gone(WORKER)
    bench.recorder.forget(*MODEL)
    bench.clock.now = KEPT_S - 1
    assert bench.values("finished_total")["unforeseen"] == 1
    bench.clock.now = KEPT_S
    assert [one.definition.name for one in bench.registry.collect() if one.definition in LLM and one.series] == []
