"""Text format 0.0.4: what simpleclient prints, cut into slices, and read back by prometheus_client's parser."""

import math
from functools import reduce
from operator import add

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from servescope.metrics.definitions import BY_NAME, DEFINITIONS, Definition
from servescope.metrics.exposition.lines import PIECE, spell
from servescope.metrics.exposition.text import render
from servescope.metrics.instruments.escaping import label_name
from servescope.metrics.instruments.histogram import FEW
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.metrics.slices import SLICE_S
from servescope.wire.measured.names import metric_name

texts = st.text(st.characters(codec="utf-8"), max_size=20)
floats = st.floats(allow_nan=True, allow_infinity=True)


def text_of(registry: Registry, *names: str) -> str:
    return b"".join(render(registry, names)).decode()


def one_family(kind: str, labels: tuple[str, ...] = ("a",), buckets: tuple[float, ...] = ()) -> Registry:
    return Registry([Definition("f", kind, "s", labels, "help", "", buckets)])  # type: ignore[arg-type]


def samples_of(text: str, prefix: str = "f") -> list[tuple[str, dict[str, str], float]]:
    families = text_string_to_metric_families(text)
    return [(s.name, s.labels, s.value) for f in families for s in f.samples if s.name.startswith(prefix)]


def test_a_counter_is_printed_as_simpleclient_does() -> None:
    """HELP, TYPE, a comma after the last label, a double; no `_total` is added."""
    registry = Registry()
    Recorder(registry, "h").port.response_sent(200)
    head, kind, line = text_of(registry, "Requests2XX").splitlines()
    assert head.startswith("# HELP Requests2XX Answers with a status from 200 to 299")
    assert kind == "# TYPE Requests2XX counter"
    assert line == 'Requests2XX{Level="Host",Hostname="h",} 1.0'


def test_a_family_without_labels_has_no_braces() -> None:
    """As simpleclient writes it."""
    registry = one_family("gauge", ())
    registry.gauge("f").labels().value = 3  # an int by mistake is a double all the same
    assert text_of(registry).splitlines()[-1] == "f 3.0"


def test_every_definition_is_declared_without_samples() -> None:
    """Boards look for GPU families on hosts that have none."""
    text = text_of(Registry())
    for definition in DEFINITIONS:
        assert f"# TYPE {definition.name} {definition.kind}\n" in text


def test_a_filter_that_matches_no_sample_gives_nothing() -> None:
    """A histogram's own name is the name of no sample, and a family without series has none."""
    registry = one_family("histogram", buckets=(1.0,))
    registry.histogram("f").labels("x").observe(0.5)
    assert text_of(registry, "f") == ""
    assert text_of(Registry(), "GPUUtilization") == ""


def test_a_histogram() -> None:
    """Buckets are cumulative, upper bounds inclusive, `le` last."""
    registry = one_family("histogram", buckets=(0.5, 1.0))
    for value in (0.5, 0.75, 4.0):
        registry.histogram("f").labels("x").observe(value)
    assert text_of(registry).splitlines()[2:] == [
        'f_bucket{a="x",le="0.5",} 1.0',
        'f_bucket{a="x",le="1.0",} 2.0',
        'f_bucket{a="x",le="+Inf",} 3.0',
        'f_count{a="x",} 3.0',
        'f_sum{a="x",} 5.25',
    ]


def test_numbers_that_are_none() -> None:
    """Infinities and NaN are spelt as Prometheus does."""
    registry = one_family("gauge")
    for name, value in (("up", math.inf), ("down", -math.inf), ("none", math.nan), (" inf", 1.0)):
        registry.gauge("f").labels(name).value = value
    lines = text_of(registry).splitlines()[2:]
    assert [line.rpartition(" ")[2] for line in lines] == ["+Inf", "-Inf", "NaN", "1.0"]


def test_a_lone_surrogate_does_not_break_the_page() -> None:
    """It cannot be encoded, so it is replaced."""
    registry = one_family("gauge")
    registry.gauge("f").labels("\ud800").value = 1.0
    assert 'f{a="?",} 1.0' in text_of(registry)


@settings(deadline=None)
@given(st.lists(st.tuples(texts, texts), unique=True, max_size=8), floats, texts)
def test_label_values_survive(values: list[tuple[str, str]], number: float, text: str) -> None:
    """Whatever stands in labels and help comes back from prometheus_client's parser, trailing comma and all."""
    registry = Registry([Definition("f", "gauge", "s", ("a", "b"), text)])
    for pair in values:
        registry.gauge("f").labels(*pair).value = number
    got = samples_of(text_of(registry))
    assert [(labels["a"], labels["b"]) for _, labels, _ in got] == values
    for _, _, value in got:
        assert value == number or (math.isnan(value) and math.isnan(number))


@settings(deadline=None)
@given(st.integers(0, 7), st.lists(floats.filter(lambda x: not math.isnan(x)), max_size=20))
def test_histograms_survive(labels: int, values: list[float]) -> None:
    """With any number of labels the parser sees counts that grow up to the number of observations."""
    registry = one_family("histogram", tuple(f"l{i}" for i in range(labels)), (-1.0, 0.0, 2.5))
    histogram = registry.histogram("f").labels(*["v"] * labels)
    for value in values:
        histogram.observe(value)
    got = samples_of(text_of(registry))
    buckets = [value for name, _, value in got if name == "f_bucket"]
    assert buckets == sorted(buckets)
    assert buckets[-1] == len(values) == next(value for name, _, value in got if name == "f_count")
    assert buckets[0] == sum(value <= -1.0 for value in values)


@pytest.mark.parametrize("labels", range(7))
def test_any_number_of_labels(labels: int) -> None:
    """The functions for few labels and the general one write alike."""
    names = tuple(f"l{i}" for i in range(labels))
    registry = one_family("gauge", names)
    registry.gauge("f").labels(*(f'"{i}' for i in range(labels))).value = 1.5
    assert samples_of(text_of(registry)) == [("f", {name: f'"{i}' for i, name in enumerate(names)}, 1.5)]


class Ticks:
    """A clock that goes on by so much each time that it is looked at."""

    def __init__(self, step: float) -> None:
        self.step, self.now, self.looks = step, 0.0, 0

    def __call__(self) -> float:
        self.looks += 1
        self.now += self.step
        return self.now


@pytest.mark.parametrize(("step", "pieces"), [(SLICE_S / 4, 4), (SLICE_S * 2, 1), (SLICE_S / 3.5, 4)])
def test_a_slice_ends_when_its_time_is_over(step: float, pieces: int) -> None:
    """So many pieces fit in, of at most PIECE samples each, and the head; together they are the whole page."""
    registry = one_family("counter")
    for number in range(20 * PIECE):
        registry.counter("f").labels(str(number)).value = 1.0
    slices = list(render(registry, clock=Ticks(step)))
    assert len(slices) == math.ceil(21 / pieces)
    assert max(piece.count(b"\n") for piece in slices) <= pieces * PIECE
    assert len(samples_of(b"".join(slices).decode())) == 20 * PIECE


def test_the_pause_after_a_slice_is_not_the_next_ones_time() -> None:
    """The time of a slice begins when it is asked for."""
    registry = one_family("counter")
    for number in range(4 * PIECE):
        registry.counter("f").labels(str(number))
    clock = Ticks(SLICE_S * 0.6)
    count = 0
    for _ in render(registry, clock=clock):
        clock.now += 100.0
        count += 1
    assert count == 3


def test_the_clock_is_looked_at_often() -> None:
    """Between two looks there are at most PIECE samples, of histograms too."""
    registry = one_family("histogram", buckets=tuple(map(float, range(1, 17))))
    for number in range(100):
        registry.histogram("f").labels(str(number)).observe(number)
    clock = Ticks(0.0)
    (page,) = render(registry, clock=clock)
    assert clock.looks >= 1900 // PIECE
    assert page.count(b"\n") == 1902


def test_series_that_come_and_go_between_slices() -> None:
    """A render that was begun before a series is bound or dropped goes on."""
    registry = one_family("counter")
    for number in range(3 * PIECE):
        registry.counter("f").labels(str(number))
    slices = render(registry, clock=Ticks(SLICE_S * 0.6))
    begun = next(slices)
    assert begun.count(b"f{") == PIECE
    registry.counter("f").labels("new")
    registry.counter("f").remove("0")
    assert b"".join([begun, *slices]).count(b"f{") == 3 * PIECE


def test_histograms_come_and_go_between_slices() -> None:
    """Histograms too, and what is observed meanwhile is counted in whole series."""
    registry = one_family("histogram", buckets=(1.0,))
    family = registry.histogram("f")
    for number in range(100):
        family.labels(str(number)).observe(0.5)
    slices = render(registry, clock=Ticks(SLICE_S))
    begun = [next(slices), next(slices)]
    for number in range(0, 100, 2):
        family.labels(str(number)).observe(2.0)
    family.remove("99")
    samples = samples_of(b"".join([*begun, *slices]).decode())
    assert len(samples) == 400
    counts = {labels["a"]: value for name, labels, value in samples if name == "f_count"}
    assert counts == {
        labels["a"]: value for name, labels, value in samples if name == "f_bucket" and labels["le"] == "+Inf"
    }
    assert counts["98"] == 2.0


def test_a_summary() -> None:
    """Count and sum, which the filter knows by name; there are no buckets."""
    registry = one_family("summary")
    for value in (0.5, 0.75):
        registry.summary("f").labels("x").observe(value)
    assert text_of(registry).splitlines()[1:] == ["# TYPE f summary", 'f_count{a="x",} 2.0', 'f_sum{a="x",} 1.25']
    assert text_of(registry, "f_sum").splitlines()[2:] == ['f_sum{a="x",} 1.25']


def test_unknown_is_untyped() -> None:
    """Format 0.0.4's word for it."""
    registry = one_family("unknown")
    registry.unknown("f").labels("x").value = 2.0
    assert text_of(registry).splitlines()[1:] == ["# TYPE f untyped", 'f{a="x",} 2.0']


KINDS = ("counter", "gauge", "histogram", "summary", "unknown")
families = st.tuples(
    st.sampled_from(KINDS),
    texts.map(metric_name).filter(lambda name: name not in BY_NAME),  # the server's own names are never given away
    st.lists(texts.map(label_name).filter(lambda name: name != "le"), max_size=5, unique=True),
    texts,
    st.lists(st.floats(-1e300, 1e300), unique_by=lambda bound: bound + 0.0, max_size=4).map(sorted).map(tuple),
)


@settings(deadline=None)
@given(
    families,
    st.lists(st.lists(texts, min_size=5, max_size=5), max_size=4, unique_by=lambda row: row[0]),
    st.lists(floats, max_size=5),
)
def test_nothing_breaks_the_format(
    family: tuple[str, str, list[str], str, tuple[float, ...]], rows: list[list[str]], numbers: list[float]
) -> None:
    """No name, label value, help text, bound or float does: prometheus_client's parser reads each sample as it was."""
    kind, name, labels, text, bounds = family
    bounds = bounds if kind == "histogram" else ()
    registry = Registry([Definition(name, kind, "s", tuple(labels), text, "", bounds)])  # type: ignore[arg-type]
    expected = []
    for row in rows if labels else rows[:1]:
        values = dict(zip(labels, row, strict=False))
        series = registry.find(name).labels(*values.values())  # type: ignore[union-attr]
        expected += samples_expected(kind, name, values, bounds, numbers)
        for number in numbers:
            if kind in ("histogram", "summary"):
                series.observe(number)
            else:
                series.value = number
    got = samples_of(text_of(registry), "")
    assert [(*sample[:2], *map(comparable, sample[2:])) for sample in got] == expected


def comparable(value: float) -> float | str:
    return "NaN" if math.isnan(value) else value


def samples_expected(
    kind: str, name: str, labels: dict[str, str], bounds: tuple[float, ...], numbers: list[float]
) -> list[tuple[str, dict[str, str], float | str]]:
    """A series' samples, counted naively."""
    if kind == "counter" and not name.endswith("_total"):
        name += "_total"  # the parser's doing
    if kind not in ("histogram", "summary"):
        return [(name, labels, comparable(numbers[-1] if numbers else 0.0))]
    valid = sorted(number for number in numbers if not math.isnan(number))
    buckets = [
        (
            f"{name}_bucket",
            {**labels, "le": spell(bound + 0.0)},
            sum(n <= bound for n in valid),
        )
        for bound in ((*bounds, math.inf) if kind == "histogram" else ())
    ]
    # Few are added up one after the other, more of them by `sum`, which from Python 3.12 on is more exact than that.
    summed = [number for number in numbers if not math.isnan(number)]
    total = sum(summed) if len(numbers) > FEW else reduce(add, summed, 0.0)
    return [*buckets, (f"{name}_count", labels, len(valid)), (f"{name}_sum", labels, comparable(total))]
