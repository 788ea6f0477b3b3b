"""Language models: what their replies and engines say becomes series, which live as long as they mean something."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from clock import Clock
from metrics.dropped import dropped
from metrics.series import family, series
from servescope.config.model.objectives import Objectives
from servescope.metrics.definitions import BY_NAME, DURATION_BUCKETS, FINISH_REASONS, GENERATION_BUCKETS, TOKEN_KINDS
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
    assert (first.count, first.counts[first.bounds.index(0.075)], first.counts[-1]) == (2, 1, 1)


def test_thresholds_are_bounds():
    """So that the share of requests within them can be read off exactly; a bound that is there stays one."""
    bench = Bench(Objectives(ttft_s=0.3, ttft_target=0.9, itl_s=0.05, itl_target=0.9))
    bench.llm.begin()
    plain = Bench()
    plain.llm.begin()
    first, usual = (one.histogram("time_to_first_token_seconds").bounds for one in (bench, plain))
    assert set(first) - set(usual) == {0.3}
    assert bench.histogram("inter_token_seconds").bounds == plain.histogram("inter_token_seconds").bounds


def steps(bounds):
    """How many times larger each bound between 5 ms and a minute is than the one before."""
    return [above / below for below, above in pairwise(bounds) if 0.005 <= below < 60]


def test_bounds_are_close(bench):
    """A quantile read off them is off by less than a factor of 1.6: of first tokens, of what comes between, and of requests."""
    bench.recorder.model(*MODEL).serves_language_model()
    first, gaps = (bench.histogram(f"{name}_seconds").bounds for name in ("time_to_first_token", "inter_token"))
    durations = bench.registry.histogram("servescope_request_duration_seconds").series
    assert len(steps(first)) >= 20
    assert (first[0], first[1], first[-2:]) == (0.001, 0.005, (60.0, 160.0))
    assert (gaps[:3], gaps[-1]) == ((0.001, 0.0025, 0.005), 10.0)
    for bounds in (first, gaps, *(one.bounds for one in durations.values())):
        assert max(steps(bounds)) <= 1.6


def test_a_requests_duration_is_counted_on():
    """What was refused before a worker said that it is a language model stays; an objective is still a bound."""
    bench = Bench(Objectives(latency_s=0.3, latency_target=0.99))
    model = bench.recorder.model(*MODEL, Objectives(latency_s=0.3, latency_target=0.99))
    family = bench.registry.histogram("servescope_request_duration_seconds")
    shown = family.samples
    model.request_refused("predict", 413, 10.0, 10.2, 1)
    model.serves_language_model()
    series = family.series[(*MODEL, "client_error")]
    assert (series.count, series.sum) == (1, pytest.approx(0.2))
    assert {0.3, *DURATION_BUCKETS, *GENERATION_BUCKETS} == set(series.bounds)
    assert dict(zip(series.bounds, series.cumulative, strict=False))[0.1] == 0
    assert dict(zip(series.bounds, series.cumulative, strict=False))[0.25] == 1
    assert family.samples - shown == 3 * (len(GENERATION_BUCKETS) - len(DURATION_BUCKETS))
    model.serves_language_model()
    assert bench.registry.gauge("servescope_series").labels(family.definition.name).value == family.samples


def test_bounds_of_the_settings_stay():
    """Whoever sets them knows better."""
    asked = replace(BY_NAME["servescope_request_duration_seconds"], buckets=(1.0, 10.0))
    registry = Registry((asked,))
    Recorder(registry, "h").model(*MODEL).serves_language_model()
    bounds = {one.bounds for one in registry.histogram(asked.name).series.values()}
    assert bounds == {(1.0, 10.0)}


def test_unforeseen_reasons_are_bounded():
    """The first get series of their own, the others share one, and each is counted as dropped."""
    bench = Bench(series_budget=5)
    bench.llm.tokens(Tokens(finished=["repetition", "x", "y", "stop", "repetition"]))
    expected = {"stop": 1, "length": 0, "abort": 0, "error": 0, "repetition": 2, "other": 2}
    assert bench.values("finished_total") == expected
    assert dropped(bench.registry) == {("servescope_llm_finished_total", "series_budget", MODEL[0]): 2}


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
