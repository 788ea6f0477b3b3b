"""The protobuf exposition, read by Google's package: classic buckets, the native form, and whatever names and numbers."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.exposition.families import counted, floats, registries
from metrics.exposition.metrics_messages import kind_of, native_buckets, read_families
from servescope.metrics.definitions import DEFINITIONS, Definition
from servescope.metrics.exposition.protobuf import render
from servescope.metrics.registry import Registry
from servescope.metrics.slices import SLICE_S


def families_of(registry, *names):
    return read_families(b"".join(render(registry, names)))


def one(kind, labels=(), buckets=(), name="f", unit=""):
    return Registry([Definition(name, kind, unit, labels, "help", "", buckets)])


def same(got, wanted):
    return got == wanted or (math.isnan(got) and math.isnan(wanted))


def observed(*values, buckets=(1.0,)):
    """The message of a histogram with these observations."""
    registry = one("histogram", buckets=buckets)
    histogram = registry.histogram("f").labels()
    for value in values:
        histogram.observe(value)
    (family,) = families_of(registry)
    return family.metric[0].histogram


@pytest.mark.parametrize(
    ("kind", "field"), [("counter", "counter"), ("gauge", "gauge"), ("unknown", "untyped"), ("summary", "summary")]
)
def test_scalars_and_summaries(kind, field):
    """Under the names of text format 0.0.4, in the field that the type wants."""
    registry = one(kind, ("a", "b"), name="Requests2XX")
    series = registry.find("Requests2XX").labels("x", '"\\\n é')
    if kind == "summary":
        series.observe(1.5)
    else:
        series.value = 1.5
    (family,) = families_of(registry)
    assert (family.name, family.help, kind_of(family)) == ("Requests2XX", "help", field)
    (metric,) = family.metric
    assert [(pair.name, pair.value) for pair in metric.label] == [("a", "x"), ("b", '"\\\n é')]
    value = getattr(metric, field)
    assert (value.sample_count, value.sample_sum) == (1, 1.5) if kind == "summary" else value.value == 1.5
    assert len(metric.ListFields()) == 2


def test_all_definitions():
    """Each is declared, in order, also without series."""
    families = families_of(Registry())
    assert [family.name for family in families] == [definition.name for definition in DEFINITIONS]
    units = {family.name: family.unit for family in families}
    assert units["servescope_request_duration_seconds"] == "seconds"
    assert units["servescope_worker_busy_seconds_total"] == "seconds"
    assert units["Requests2XX"] == ""


def test_classic_buckets():
    """Cumulative, with the infinite one; the exemplar stands in its bucket."""
    registry = one("histogram", buckets=(0.5, 1.0))
    histogram = registry.histogram("f").labels()
    for value in (0.5, 0.75, 4.0):
        histogram.observe(value)
    histogram.observe_marked(0.8, ("trace_id", "abc", 1700000000.25))
    (family,) = families_of(registry)
    message = family.metric[0].histogram
    assert (message.sample_count, message.sample_sum) == (4, 6.05)
    assert [(b.cumulative_count, b.upper_bound) for b in message.bucket] == [(1, 0.5), (3, 1.0), (4, math.inf)]
    exemplar = message.bucket[1].exemplar
    assert [(pair.name, pair.value) for pair in exemplar.label] == [("trace_id", "abc")]
    assert (exemplar.value, exemplar.timestamp.seconds, exemplar.timestamp.nanos) == (0.8, 1700000000, 250_000_000)
    assert [bucket.HasField("exemplar") for bucket in message.bucket] == [False, True, False]


def test_never_observed():
    """A native histogram all the same: the threshold of zero and a span without buckets say so."""
    message = observed()
    assert (message.schema, message.zero_threshold, message.zero_count) == (5, 2.0**-128, 0)
    assert [(span.offset, span.length) for span in message.positive_span] == [(0, 0)]
    assert (list(message.positive_delta), list(message.negative_span)) == ([], [])
    assert [bucket.cumulative_count for bucket in message.bucket] == [0, 0]


def test_the_native_form():
    """Buckets of 2**(1/32); close ones share a span, with the empty ones between them."""
    message = observed(0.0, 1.0, 1.0, 1.01, 1.06, 2.0, 2.0 + 1e-9, -1.0)
    assert message.zero_count == 1
    positive = native_buckets(message.positive_span, message.positive_delta)
    assert positive == {0: 2, 1: 1, 2: 0, 3: 1, 32: 1, 33: 1}
    assert [(span.offset, span.length) for span in message.positive_span] == [(0, 4), (28, 2)]
    assert native_buckets(message.negative_span, message.negative_delta) == {0: 1}


def test_numbers_that_somebody_else_counted():
    """A preset histogram has no native form."""
    registry = one("histogram", buckets=(1.0,))
    registry.histogram("f").labels().preset((2, 3), 3.5)
    message = families_of(registry)[0].metric[0].histogram
    assert not message.HasField("schema")
    assert not message.positive_span
    assert [bucket.cumulative_count for bucket in message.bucket] == [2, 3]


def test_large_counts():
    """Varints of several bytes."""
    registry = one("histogram", buckets=(1.0,))
    registry.histogram("f").labels().preset((2**40, 2**40 + 1), 1.0)
    assert families_of(registry)[0].metric[0].histogram.sample_count == 2**40 + 1


def test_names():
    """`name[]` chooses families by their samples' names."""
    registry = Registry([Definition(name, "gauge", "", (), "h") for name in ("f", "g", "unused")])
    registry.gauge("f").labels()
    registry.gauge("g").labels()
    assert [family.name for family in families_of(registry, "g", "unused")] == ["g"]


@settings(deadline=None, max_examples=50)
@given(registries())
def test_whatever_handlers_choose(drawn):
    """Every series comes back with its labels and its numbers."""
    registry, held = drawn
    families = {family.name: family for family in families_of(registry)}
    for definition, values, numbers in held:
        labels = list(zip(definition.labels, values, strict=True))
        found = [
            metric
            for metric in families[definition.name].metric
            if [(pair.name, pair.value) for pair in metric.label] == labels
        ]
        assert len(found) == 1
        if definition.kind == "gauge":
            assert same(found[0].gauge.value, numbers[-1] if numbers else 0.0)
        if definition.kind == "histogram":
            message = found[0].histogram
            assert [b.upper_bound for b in message.bucket] == [*definition.buckets, math.inf]
            assert message.bucket[-1].cumulative_count == message.sample_count == len(counted(numbers))


@settings(deadline=None)
@given(st.lists(floats | st.floats(0.5, 2.0), max_size=40))
def test_the_native_form_counts_everything(values):
    """Zeros and buckets add up to the count, and each value lies in its bucket."""
    message = observed(*values)
    positive = native_buckets(message.positive_span, message.positive_delta)
    negative = native_buckets(message.negative_span, message.negative_delta)
    assert message.zero_count + sum(positive.values()) + sum(negative.values()) == message.sample_count
    wanted = [abs(value) for value in counted(values) if 2.0**-128 < abs(value) < math.inf]
    for value in wanted:
        near = round(math.log2(value) * 32)
        assert any((positive | negative).get(near + step, 0) for step in (-1, 0, 1))


def test_slices():
    """By the clock; the slices of a family that is not whole yet are empty, as its length stands before it."""
    registry = one("counter", ("a",))
    for number in range(1000):
        registry.counter("f").labels(str(number))
    time = iter(range(10**9))
    slices = list(render(registry, clock=lambda: 2.0 * SLICE_S * next(time)))
    assert slices[:3] == [b"", b"", b""]
    assert max(map(len, slices)) < 2000
    assert b"".join(slices) == b"".join(render(registry))
