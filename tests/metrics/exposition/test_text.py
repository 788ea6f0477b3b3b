"""Text format 0.0.4: what simpleclient prints, cut into slices, and read back by prometheus_client's parser."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from servescope.metrics.definitions import DEFINITIONS, Definition
from servescope.metrics.exposition.text import PIECE, SLICE, render
from servescope.metrics.recorder import Recorder
from servescope.metrics.registry import Registry

texts = st.text(st.characters(codec="utf-8"), max_size=20)
floats = st.floats(allow_nan=True, allow_infinity=True)


def text_of(registry: Registry, *names: str) -> str:
    return b"".join(render(registry, names)).decode()


def one_family(kind: str, labels: tuple[str, ...] = ("a",), buckets: tuple[float, ...] = ()) -> Registry:
    return Registry([Definition("f", kind, "s", labels, "help", buckets)])  # type: ignore[arg-type]


def samples_of(text: str, prefix: str = "f") -> list[tuple[str, dict[str, str], float]]:
    families = text_string_to_metric_families(text)
    return [(s.name, s.labels, s.value) for f in families for s in f.samples if s.name.startswith(prefix)]


def test_a_counter_is_printed_as_simpleclient_does() -> None:
    """HELP, TYPE, a comma after the last label, a double; no `_total` is added."""
    registry = Registry()
    Recorder(registry, "h").response_sent(200)
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


def test_slices_are_bounded() -> None:
    """A slice holds at most about SLICE samples, so that the loop gets its turn; together they are the whole page."""
    registry = one_family("counter")
    for number in range(5 * SLICE):
        registry.counter("f").labels(str(number)).value = 1.0
    slices = list(render(registry))
    assert len(slices) >= 4
    assert max(piece.count(b"\n") for piece in slices) <= SLICE + PIECE + 2
    assert len(samples_of(b"".join(slices).decode())) == 5 * SLICE


def test_series_that_come_and_go_between_slices() -> None:
    """A render that was begun before a series is bound or dropped goes on."""
    registry = one_family("counter")
    for number in range(3 * SLICE):
        registry.counter("f").labels(str(number))
    slices = render(registry)
    begun = next(slices)
    registry.counter("f").labels("new")
    registry.counter("f").remove("0")
    assert b"".join([begun, *slices]).count(b"f{") == 3 * SLICE
