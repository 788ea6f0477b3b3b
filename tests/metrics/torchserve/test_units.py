"""Values of one metric are in one unit, whichever a handler names."""

import logging
from itertools import product

import pytest

from metrics.dropped import dropped
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.metrics.torchserve.metrics_yaml import MetricsConfig, select
from servescope.metrics.torchserve.units import SAME, buckets_for, conversion
from servescope.wire.measured.update import MetricUpdate
from servescope.wire.messages import MetricDeclaration


def update(value: float, unit: str, kind: str = "gauge", name: str = "T", **labels: str) -> MetricUpdate:
    return MetricUpdate(kind, name, unit, list(labels), list(labels.values()), value, "r")


@pytest.mark.parametrize(
    ("value", "unit", "into", "expected"),
    [
        (7.0, "Seconds", "Milliseconds", 7000.0),
        (7.0, "ms", "Seconds", 0.007),
        (0.1, "s", "ms", 100.0),
        (3.0, "us", "ms", 0.003),
        (2.0, "h", "min", 120.0),
        (5.0, "MB", "Kilobytes", 5120.0),
        (7.0, "Kilobytes", "MB", 0.0068359375),
        (1.0, "GB", "Bytes", 1073741824.0),
        (50.0, "%", "Percent", 50.0),
        (3.0, "km", "km", 3.0),
        (3.0, "", "Milliseconds", 3.0),
        (3.0, "unit", "images", 3.0),
    ],
)
def test_conversions(value: float, unit: str, into: str, expected: float) -> None:
    """Exact where the sizes are multiples of each other; a unit that says nothing is the metric's."""
    found = conversion(unit, into)
    assert found is not None
    assert value * found.times / found.per == expected


@pytest.mark.parametrize(
    ("unit", "into"),
    [
        ("ms", "Count"),
        ("Count", "ms"),
        ("ms", "MB"),
        ("km", "m"),
        ("images", "Count"),
        ("ms", ""),
        ("percent", "count"),
    ],
)
def test_what_cannot_be_converted(unit: str, into: str) -> None:
    """Other measures, and words that nobody here knows."""
    assert conversion(unit, into) is None


def test_there_and_back() -> None:
    """Each pair of units of one measure is the other way round what it is one way."""
    for units in (("ns", "us", "ms", "s", "min", "h"), ("B", "kB", "MB", "GB", "TB")):
        for one, other in product(units, repeat=2):
            there, back = conversion(one, other), conversion(other, one)
            assert there is not None
            assert back == (there.per, there.times)
    assert conversion("Milliseconds", "ms") == SAME


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [((5.0, "Milliseconds"), (7.0, "Seconds"), 7000.0), ((5.0, "Megabytes"), (1024.0, "Kilobytes"), 1.0)],
)
def test_one_metric_is_in_the_unit_that_it_began_with(first, second, expected: float) -> None:
    """Of one model and of two; a gauge has the last value, a counter the sum, a histogram all, in its bounds' unit."""
    registry = Registry()
    recorder = Recorder(registry, "h")
    one, other = recorder.model("a", "1.0"), recorder.model("b", "1.0")
    for kind, name in (("gauge", "G"), ("counter", "C"), ("histogram", "H")):
        one.custom([update(*first, kind, name), update(*second, kind, name)])
        other.custom([update(*second, kind, name)])
    assert registry.gauge("G").labels("h").value == expected
    assert registry.counter("C").labels("h").value == first[0] + 2 * expected
    assert registry.histogram("H").labels("h").sum == first[0] + 2 * expected
    assert dropped(registry) == {}


def test_other_measures_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    """With a line, and counted by model."""
    registry = Registry()
    recorder = Recorder(registry, "h")
    with caplog.at_level(logging.WARNING):
        recorder.model("a", "1.0").custom([update(5.0, "Milliseconds"), update(7.0, "Count"), update(8.0, "Count")])
        recorder.model("b", "1.0").custom([update(9.0, "furlongs")])
    assert registry.gauge("T").labels("h").value == 5.0
    assert dropped(registry) == {("T", "unit", "a"): 2.0, ("T", "unit", "b"): 1.0}
    assert [record.getMessage() for record in caplog.records] == [
        f"metric 'T' of model {model} is left out, wholly or in part: it is in Milliseconds, into which {unit} cannot be converted"
        for model, unit in (("a", "Count"), ("b", "furlongs"))
    ]


def test_too_large_for_its_unit() -> None:
    """What is finite as written, and not as shown, is no value."""
    registry = Registry()
    Recorder(registry, "h").model("a", "1.0").custom([update(5.0, "ms"), update(1e308, "s")])
    assert registry.gauge("T").labels("h").value == 5.0
    assert dropped(registry) == {("T", "value", "a"): 1.0}


def test_declared_units() -> None:
    """A handler's metric is in that of metrics.yaml; one that the server writes stays in its own, however it is spelt."""
    own = tuple(
        MetricDeclaration("gauge", name, unit, ["ModelName", "Level"])
        for name, unit in (("PredictionTime", "Milliseconds"), ("HandlerTime", "Seconds"))
    )
    config = MetricsConfig(None, (MetricDeclaration("gauge", "T", "s", []), *own))
    definitions = {one.name: one for one in select(config, auto_detect=False)}
    assert (definitions["PredictionTime"].unit, definitions["HandlerTime"].unit) == ("Milliseconds", "ms")
    registry = Registry(tuple(definitions.values()))
    model = Recorder(registry, "h").model("a", "1.0")
    model.custom([update(5.0, "Milliseconds"), update(5.0, "ms", name="HandlerTime", ModelName="a", Level="Model")])
    assert registry.gauge("T").labels("h").value == 0.005
    assert registry.gauge("HandlerTime").labels("a", "Model", "h").value == 5.0


def test_buckets() -> None:
    """Follow the unit: bounds made for seconds would say nothing of milliseconds."""
    assert (buckets_for("ms")[0], buckets_for("us")[0], buckets_for("s")[0]) == (5.0, 5000.0, 0.005)
    assert (buckets_for("B")[0], buckets_for("kB")[0]) == (256.0, 0.25)
    assert buckets_for("percent")[-1] == 100.0
