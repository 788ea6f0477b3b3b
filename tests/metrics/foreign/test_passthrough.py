"""Handlers' prometheus_client metrics: asked for at a scrape, merged, under a budget, and never the end of a scrape."""

import asyncio
import contextlib
import logging
import math
import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from metrics.dropped import dropped
from servescope.metrics.definitions import Definition
from servescope.metrics.exposition.text import render
from servescope.metrics.foreign import passthrough
from servescope.metrics.foreign.passthrough import PassThrough
from servescope.metrics.registry import Registry
from servescope.wire.exposed import Exposed, ExposedFamily, ExposedSeries

encode = msgspec.msgpack.encode


def scalar(name, values, kind="counter", labels=("by",), text="Help."):
    """A family of values by its labels' values."""
    series = [ExposedSeries(list(key), value, 0.0, []) for key, value in values.items()]
    return ExposedFamily(name, kind, text, list(labels), series)


def histogram(name, buckets, total=1.5, labels=(), values=()):
    series = ExposedSeries(list(values), total, 0.0, list(buckets))
    return ExposedFamily(name, "histogram", "Help.", list(labels), [series])


class Worker:
    """A source. `late`: it answers only when told."""

    def __init__(self, *families, problems=(), late=False):
        self.latest = ()
        self.problem = ""
        self.asked = 0
        self.late = late
        self.say(*families, problems=problems)

    def say(self, *families, problems=()):
        """Answer so from now on, family by family."""
        self.next = [encode(Exposed([family], [])) for family in families]
        if problems:
            self.next.append(encode(Exposed([], list(problems))))

    def ask(self):
        self.asked += 1
        answered = asyncio.get_running_loop().create_future()
        if not self.late:
            self.latest = tuple(self.next)
            answered.set_result(None)
        return answered


class Bench:
    """Workers W-1, W-2, … of models m1, m2 …, and what a scrape shows of their metrics."""

    def __init__(self, *workers, budget=100, registry=None, clock=time.perf_counter):
        self.registry = registry or Registry((), series_budget=budget)
        self.passthrough = PassThrough(self.registry, clock)
        self.registry.register(self.passthrough)
        self.workers = workers
        for number, worker in enumerate(workers, 1):
            self.passthrough.attach(f"W-{number}", f"m{number}", "1.0", worker)

    def attach(self, worker, name, model="m1"):
        self.passthrough.attach(name, model, "1.0", worker)

    def scrape(self):
        asyncio.run(self.passthrough.gather())
        return self.text()

    def text(self):
        return b"".join(render(self.registry)).decode()

    def samples(self):
        """Name, without the `_total` that the parser adds, and labels but the model's version → value, after a scrape."""
        return {
            (
                sample.name.removesuffix("_total"),
                *(f"{key}={value}" for key, value in sample.labels.items() if key != "model_version"),
            ): (sample.value)
            for family in text_string_to_metric_families(self.scrape())
            for sample in family.samples
            if not sample.name.startswith("servescope")
        }

    def dropped(self):
        return dropped(self.registry)


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_the_servers_labels_come_first():
    """And a metric keeps its name, help, kind and labels."""
    bench = Bench(Worker(scalar("vllm:calls_total", {("me",): 2.0})))
    assert bench.scrape().splitlines()[:3] == [
        "# HELP vllm:calls_total Help.",
        "# TYPE vllm:calls_total counter",
        'vllm:calls_total{model_name="m1",model_version="1.0",worker="W-1",by="me",} 2.0',
    ]


def test_every_kind():
    """Counters, gauges, unknown, summaries and histograms."""
    summary = ExposedFamily("s", "summary", "S.", [], [ExposedSeries([], 3.0, 2.0, [])])
    bench = Bench(
        Worker(
            scalar("g", {("x",): -1.0}, "gauge"),
            scalar("u", {("x",): math.inf}, "unknown"),
            summary,
            histogram("h", [(1.0, 1.0), (2.0, 3.0), (math.inf, 4.0)]),
        )
    )
    us = ("model_name=m1", "worker=W-1")
    assert bench.samples() == {
        ("g", *us, "by=x"): -1.0,
        ("u", *us, "by=x"): math.inf,
        ("s_count", *us): 2.0,
        ("s_sum", *us): 3.0,
        ("h_bucket", *us, "le=1.0"): 1.0,
        ("h_bucket", *us, "le=2.0"): 3.0,
        ("h_bucket", *us, "le=+Inf"): 4.0,
        ("h_count", *us): 4.0,
        ("h_sum", *us): 1.5,
    }


def test_workers_are_merged():
    """One family for all, its pieces and its labels too; a label that a worker does not have is empty there."""
    bench = Bench(
        Worker(scalar("c", {("a",): 1.0}), scalar("c", {("b", "x"): 2.0}, labels=("by", "more"))),
        Worker(scalar("c", {("y", "c"): 3.0}, labels=("more", "by"))),
        Worker(scalar("c", {(): 4.0}, labels=())),
    )
    assert bench.scrape().count("# TYPE c counter") == 1
    assert bench.samples() == {
        ("c", "model_name=m1", "worker=W-1", "by=a", "more="): 1.0,
        ("c", "model_name=m1", "worker=W-1", "by=b", "more=x"): 2.0,
        ("c", "model_name=m2", "worker=W-2", "by=c", "more=y"): 3.0,
        ("c", "model_name=m3", "worker=W-3", "by=", "more="): 4.0,
    }


def test_labels_of_the_servers_names():
    """A handler's own become exported_…, as Prometheus does it, and stay apart from one that is called so."""
    names = ("model_name", "exported_model_name", "worker", "model_version", "__odd", "le")
    bench = Bench(
        Worker(
            scalar("c", {("1", "2", "3", "4", "5", "6"): 1.0}, labels=names),
            histogram("h", [(math.inf, 1.0)], labels=("le",), values=("z",)),
        )
    )
    text = bench.scrape()
    assert (
        'c{model_name="m1",model_version="1.0",worker="W-1",exported_model_name="1",exported_exported_model_name="2",'
        'exported_worker="3",exported_model_version="4",exported__odd="5",le="6",} 1.0\n'
    ) in text
    assert 'h_bucket{model_name="m1",model_version="1.0",worker="W-1",exported_le="z",le="+Inf",} 1.0\n' in text


def test_a_workers_series_go_with_it():
    """Detached, or its source empty."""
    gone, dead, alive = (Worker(scalar("c", {(name,): 1.0})) for name in "abc")
    bench = Bench(gone, dead, alive)
    assert len(bench.samples()) == 3
    bench.passthrough.detach("W-1")
    bench.passthrough.detach("W-7")
    dead.next = []
    assert bench.samples() == {("c", "model_name=m3", "worker=W-3", "by=c"): 1.0}
    bench.passthrough.detach("W-2")
    bench.passthrough.detach("W-3")
    assert bench.samples() == {}


def test_series_are_counted():
    """servescope_series has these families too, while they are there."""
    bench = Bench(Worker(histogram("h", [(1.0, 1.0), (math.inf, 4.0)])))
    bench.scrape()
    counts = bench.registry.gauge("servescope_series").series
    assert counts["h",].value == 4
    bench.passthrough.detach("W-1")
    bench.scrape()
    assert ("h",) not in counts


def test_a_late_worker_shows_what_it_said_before(monkeypatch):
    """The scrape does not wait for longer than the deadline."""
    monkeypatch.setattr(passthrough, "DEADLINE_S", 0.01)
    worker = Worker(scalar("c", {("a",): 1.0}))
    bench = Bench(worker, Worker(scalar("c", {("b",): 5.0})))
    bench.scrape()
    worker.late = True
    worker.say(scalar("c", {("a",): 2.0}))
    assert bench.samples()["c", "model_name=m1", "worker=W-1", "by=a"] == 1.0
    worker.late = False
    assert bench.samples()["c", "model_name=m1", "worker=W-1", "by=a"] == 2.0


def test_scrapes_at_once_share_a_round():
    """Also where one of them is given up."""
    worker = Worker(scalar("c", {("a",): 1.0}))
    bench = Bench(worker)

    async def main():
        tasks = [asyncio.create_task(bench.passthrough.gather()) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await tasks[0]
        await asyncio.gather(*tasks[1:])

    asyncio.run(main())
    assert worker.asked == 1
    assert 'by="a"' in bench.text()


def test_names_that_are_taken(caplog):
    """The server's own, also one that is switched off, and a handler's by context.metrics; the rest is shown."""
    registry = Registry(())
    registry.add(Definition("Teapots", "counter", "", ("ModelName", "Hostname"), "T."))
    worker = Worker(*(scalar(name, {("x",): 1.0}) for name in ("Teapots", "servescope_workers", "CPUUtilization", "c")))
    bench = Bench(worker, registry=registry)
    for _ in range(2):
        assert bench.samples() == {("c", "model_name=m1", "worker=W-1", "by=x"): 1.0}
    assert [text.partition(":")[0] for text in warnings(caplog)] == [
        f"metric '{name}' of model m1, from prometheus_client, is left out"
        for name in ("Teapots", "servescope_workers", "CPUUtilization")
    ]


def test_sample_names_that_are_taken(caplog):
    """A histogram's samples have names of their own, which another's may be."""
    bench = Bench(Worker(scalar("h_count", {("x",): 1.0})), Worker(histogram("h", [(math.inf, 1.0)])))
    assert bench.samples() == {("h_count", "model_name=m1", "worker=W-1", "by=x"): 1.0}
    assert "'h' of model m2" in warnings(caplog)[0]
    assert "taken by h_count" in warnings(caplog)[0]


def test_another_type(caplog):
    """Who was there first keeps the name, whatever comes before it later, and until it is gone."""
    bench = Bench(Worker(), Worker(scalar("x", {("a",): 1.0}, "gauge")))
    assert list(bench.samples()) == [("x", "model_name=m2", "worker=W-2", "by=a")]
    bench.workers[0].say(scalar("x", {("a",): 1.0}))
    for _ in range(2):
        assert list(bench.samples()) == [("x", "model_name=m2", "worker=W-2", "by=a")]
    (text,) = warnings(caplog)
    assert text == (
        "metric 'x' of model m1, from prometheus_client, is left out: it is a counter, and x is a gauge of another"
        " model or handler already"
    )
    bench.passthrough.detach("W-2")
    bench.scrape()
    assert list(bench.samples()) == [("x", "model_name=m1", "worker=W-1", "by=a")]


def test_a_counters_budget(caplog):
    """Past it, values become other, summed up; what was there stays; series are counted as dropped once."""
    worker = Worker(scalar("c", {("a",): 1.0, ("b",): 2.0}))
    bench = Bench(worker, budget=2)
    us = ("model_name=m1", "worker=W-1")
    bench.scrape()
    worker.say(scalar("c", {("new",): 8.0, ("b",): 3.0, ("newer",): 16.0, ("a",): 1.0}))
    for _ in range(3):
        assert bench.samples() == {("c", *us, "by=a"): 1.0, ("c", *us, "by=b"): 3.0, ("c", *us, "by=other"): 24.0}
    assert bench.dropped() == {("c", "series_budget", "m1"): 2.0}
    worker.say(scalar("c", {(str(number),): 1.0 for number in range(5)}))
    assert bench.samples() == {("c", *us, "by=other"): 5.0}
    assert bench.dropped() == {("c", "series_budget", "m1"): 5.0}
    assert sum("2 series" in text for text in warnings(caplog)) == 1


def test_the_budget_is_a_models():
    """Workers with the same values use it once; another model has its own."""
    series = scalar("c", {("a",): 1.0, ("b",): 2.0, ("c",): 4.0})
    bench = Bench(Worker(series), Worker(series), budget=2)
    bench.attach(Worker(series), "W-3", "m1")
    labels = {(name[2], name[3]): value for name, value in bench.samples().items()}
    assert labels == {
        (f"worker=W-{number}", f"by={by}"): value
        for number in (1, 2, 3)
        for by, value in {"a": 1, "b": 2, "other": 4}.items()
    }


def test_a_histograms_budget():
    """Its counts by bucket and its sums are added up."""
    buckets = [(1.0, 1.0), (math.inf, 3.0)]
    families = [histogram("h", buckets, 1.5, ("by",), (value,)) for value in "abc"]
    bench = Bench(Worker(*families), budget=1)
    samples = bench.samples()
    assert samples["h_bucket", "model_name=m1", "worker=W-1", "by=other", "le=1.0"] == 2.0
    assert samples["h_count", "model_name=m1", "worker=W-1", "by=other"] == 6.0
    assert samples["h_sum", "model_name=m1", "worker=W-1", "by=other"] == 3.0
    assert samples["h_count", "model_name=m1", "worker=W-1", "by=a"] == 3.0


def test_a_gauges_budget():
    """A sum of gauges would mean nothing."""
    bench = Bench(Worker(scalar("g", {("a",): 1.0, ("b",): 2.0}, "gauge")), budget=1)
    assert bench.samples() == {("g", "model_name=m1", "worker=W-1", "by=a"): 1.0}
    assert bench.dropped() == {("g", "series_budget", "m1"): 1.0}


def test_a_budget_of_families():
    """A handler that makes up new names for ever fills a thousand, and no more, at whatever scrape."""
    worker = Worker()
    bench = Bench(worker)
    for start in (0, 600, 1200):
        worker.say(*(scalar(f"c{number}", {("a",): 1.0}) for number in range(start, start + 600)))
        bench.scrape()
    assert [len(bench.samples()), bench.dropped()] == [0, {("other", "metric_budget", "m1"): 600.0}]


@pytest.mark.parametrize(
    ("family", "why"),
    [
        (scalar("bad", {("x",): math.nan}), "cannot be nan"),
        (scalar("bad", {("x",): -1.0}), "cannot be -1.0"),
        (scalar("bad", {("x", "y"): 1.0}), "1 labels and 2 values"),
        (scalar("bad", {("x", "y"): 1.0}, labels=("a", "a")), "twice"),
        (scalar("bad", {("x",) * 99: 1.0}, labels=map(str, range(99))), "more than 64 labels"),
        (scalar("bad", {("x",): 1.0}, "stateset"), "'stateset' is none of"),
        (ExposedFamily("bad", "summary", "", [], [ExposedSeries([], 1.0, math.inf, [])]), "count is inf"),
        (histogram("bad", [(1.0, 2.0), (math.inf, 1.0)]), "do not grow"),
        (histogram("bad", [(1.0, math.nan), (math.inf, 1.0)]), "do not grow"),
        (histogram("bad", [(1.0, 1.0), (1.0, 1.0), (math.inf, 1.0)]), "no different numbers"),
        (histogram("bad", [(-math.inf, 1.0), (math.inf, 1.0)]), "no different numbers"),
        (histogram("bad", [(1.0, 1.0), (math.inf, math.inf)]), "do not grow"),
    ],
)
def test_what_is_no_metric(caplog, family, why):
    """It is left out with one warning that names it; the others are shown."""
    bench = Bench(Worker(family, scalar("good", {("x",): 1.0})))
    for _ in range(2):
        assert bench.samples() == {("good", "model_name=m1", "worker=W-1", "by=x"): 1.0}
    (text,) = warnings(caplog)
    assert text.startswith("metric 'bad' of model m1, from prometheus_client, is left out: ")
    assert why in text


@pytest.mark.parametrize(
    "piece",
    [b"", b"\xc1", b"[]", encode({"a": 1}), encode([[["c", "counter"]], []]), encode([[], []])[:-1], b"\x91" * 100_000],
)
def test_a_piece_that_is_none(caplog, piece):
    """Whatever a worker sends; it is said once."""
    worker = Worker(scalar("good", {("x",): 1.0}))
    bench = Bench(worker)
    worker.next.insert(0, piece)
    for _ in range(2):
        assert list(bench.samples()) == [("good", "model_name=m1", "worker=W-1", "by=x")]
    (text,) = warnings(caplog)
    assert text.startswith("prometheus_client metrics of W-1 are left out, some or all: its answer cannot be read: ")


def test_problems_are_told_once(caplog):
    """A worker's own words, or why it is asked no more."""
    bench = Bench(Worker(problems=["collecting from a Meter raised ValueError"]), Worker())
    bench.workers[1].problem = "a frame of 99 bytes; the limit is 9"
    bench.scrape()
    bench.scrape()
    assert warnings(caplog) == [
        "prometheus_client metrics of W-1 are left out, some or all: collecting from a Meter raised ValueError",
        "prometheus_client metrics of W-2 are left out, some or all: a frame of 99 bytes; the limit is 9",
    ]


@pytest.mark.parametrize(
    "families",
    [
        [scalar(f"c{number}", {("x",): 1.0}) for number in range(50)],
        [scalar("c", {(str(number),): 1.0 for number in range(2000)})],
    ],
    ids=["many families", "a large one"],
)
def test_the_loop_is_let_go(families):
    """Others run in the midst of a large answer. Every look at the clock is a slice later here."""
    times = iter(range(1_000_000))
    bench = Bench(Worker(*families), budget=2000, clock=lambda: float(next(times)))

    async def main():
        gathering = asyncio.create_task(bench.passthrough.gather())
        turns = 0
        while not gathering.done():
            await asyncio.sleep(0)
            turns += 1
        return turns

    assert asyncio.run(main()) > 50


def test_series_stay_from_scrape_to_scrape():
    """Only their numbers change: thousands of new objects a scrape would be walked through by the garbage collector."""
    kinds = {"c": "counter", "g": "gauge"}

    def families(value):
        scalars = [scalar(name, {("x",): value}, kind) for name, kind in kinds.items()]
        return [*scalars, histogram("h", [(1.0, value), (math.inf, value)])]

    worker = Worker(*families(1.0))
    bench = Bench(worker)
    bench.scrape()
    before = [one for family in bench.passthrough.collect() for one in family.snapshot()]
    worker.say(*families(2.0))
    text = bench.scrape()
    after = [one for family in bench.passthrough.collect() for one in family.snapshot()]
    assert [one is other for one, other in zip(before, after, strict=True)] == [True] * 3
    assert 'h_bucket{model_name="m1",model_version="1.0",worker="W-1",le="1.0",} 2.0' in text


def test_another_label_amid_a_scrape():
    """What another scrape is writing meanwhile stays as it was; the series that there were get the label, empty."""
    families = [scalar("c", {("x",): 1.0}), histogram("h", [(math.inf, 1.0)], labels=("by",), values=("x",))]
    families.append(ExposedFamily("s", "summary", "S.", ["by"], [ExposedSeries(["x"], 3.0, 2.0, [])]))
    bench = Bench(Worker(*families), Worker())
    before = bench.scrape()
    held = [(family, family.snapshot()) for family in bench.passthrough.collect()]
    bench.workers[1].say(
        scalar("c", {("x", "y"): 1.0}, labels=("by", "new")),
        histogram("h", [(math.inf, 1.0)], labels=("new",), values=("y",)),
        ExposedFamily("s", "summary", "S.", ["new"], [ExposedSeries(["y"], 3.0, 2.0, [])]),
    )
    after = bench.scrape()
    for family, series in held:
        assert [len(one.labels) for one in series] == [len(family.definition.labels)] == [4]
    own = [line for line in before.splitlines() if 'worker="W-1"' in line]
    wide = [line for line in after.splitlines() if 'worker="W-1"' in line]
    assert [line.replace('new="",', "") for line in wide] == own
    assert all('new="",' in line for line in wide)


def test_other_bounds():
    """A worker that came back with other buckets."""
    worker = Worker(histogram("h", [(1.0, 1.0), (math.inf, 2.0)]))
    bench = Bench(worker)
    bench.scrape()
    worker.say(histogram("h", [(5.0, 3.0), (math.inf, 4.0)]))
    samples = bench.samples()
    assert {key[-1]: value for key, value in samples.items() if key[0] == "h_bucket"} == {"le=5.0": 3.0, "le=+Inf": 4.0}


def test_parts_of_a_count():
    """A collector of the handler's own may count halves; the whole of them is not lost."""
    bench = Bench(Worker(histogram("h", [(1.0, 0.5), (2.0, 1.0), (math.inf, 1.5)])))
    samples = bench.samples()
    assert samples["h_count", "model_name=m1", "worker=W-1"] == 1.0


floats = st.floats(allow_nan=True, allow_infinity=True)
texts = st.text(st.characters(codec="utf-8"), max_size=8)
exposed_families = st.builds(
    ExposedFamily,
    st.sampled_from(["a", "b", "a_count", "vllm:x", "1 ü"]),
    st.sampled_from(["counter", "gauge", "histogram", "summary", "unknown", "odd"]),
    texts,
    st.lists(st.sampled_from(["x", "y", "le", "worker", "ü", ""]), max_size=3),
    st.lists(
        st.builds(
            ExposedSeries,
            st.lists(texts, max_size=3),
            floats,
            floats,
            st.lists(st.tuples(floats, floats), max_size=3).map(sorted),
        ),
        max_size=4,
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(exposed_families, max_size=6), st.lists(exposed_families, max_size=3))
def test_any_answer(first, second):
    """Whatever workers say, the scrape can be parsed, and no family is there twice."""
    bench = Bench(Worker(*first), Worker(*second), budget=2)
    text = bench.scrape()
    list(text_string_to_metric_families(text))
    types = [line for line in text.splitlines() if line.startswith("# TYPE ")]
    assert len(types) == len({line.split()[2] for line in types})
