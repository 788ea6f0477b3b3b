"""`context.metrics`, held to what TorchServe 0.12.0 was recorded to write."""

import copy
import logging
import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ts.metrics.dimension import Dimension

from golden import GOLDEN
from servescope.wire.messages import MetricDeclaration
from servescope.worker.measuring.caching_metric import MetricsCacheKeyError, MetricTypes
from servescope.worker.measuring.custom_metrics import MOST_METRICS
from worker.conftest import context_of
from worker.written import watched

METERED = (GOLDEN / "handlers" / "metered.py").read_text()
# TorchServe's model_metrics.log for such a handler: name.unit, value, dimensions.
RECORDED = [
    "CallCount.Count:1.0|#Caller:test,ModelName:m,Level:Model",
    "PostprocessTime.Milliseconds:12.5|#ModelName:m,Level:Model",
    "SizeOfImage.Megabytes:2.0|#ModelName:m,Level:Model",
    "BatchFill.Percent:50.0|#ModelName:m,Level:Model",
    "DistanceInKM.km:10.0|#ModelName:m,Level:Model",
]


def as_line(update):
    labels = ",".join(f"{name}:{value}" for name, value in zip(update.dimensions, update.values, strict=True))
    return f"{update.name}.{update.unit}:{update.value}|#{labels}"


def test_the_recorded_handler_writes_what_torchserve_wrote(model):
    """Names, units, values, dimensions and their order are those of the recorded log."""
    handler, context = model.load(METERED)
    loading = context.written()
    assert [as_line(one) for one in loading] == ["InitializeCallCount.Count:1.0|#ModelName:m"]
    context.start_batch(["rid"], context.request_processor)
    assert handler.entry([{"body": b""}], context) == ["metered"]
    updates = context.written()
    assert [as_line(one) for one in updates] == RECORDED
    assert [one.kind for one in updates] == ["counter", "gauge", "gauge", "gauge", "histogram"]
    assert {one.request_id for one in updates} == {"rid"}
    assert context.written() == []


def test_an_update_carries_its_own_request_or_all_of_the_batch():
    """`idx` picks a request; without it, or beyond the batch, all ids stand, comma-separated."""
    context = context_of(({}, {}), ids=["a", "b"])
    context.metrics.add_counter("C", 1, 1)
    context.metrics.add_counter("C", 1)
    context.metrics.add_counter("C", 1, 9)
    assert [one.request_id for one in context.written()] == ["b", "a,b", "a,b"]


def test_no_default_is_shared_between_calls():
    """TorchServe's shared list of dimensions leaked from one call into the next; here none does."""
    metrics, written = watched("m")
    metrics.add_error("E", 1)
    metrics.add_counter("C", 1)
    mine = [Dimension("A", 1)]
    metrics.add_counter("D", 1, None, mine)
    assert [as_line(one) for one in written()] == [
        "E.unit:1.0|#Level:Error",
        "C.Count:1.0|#ModelName:m,Level:Model",
        "D.Count:1.0|#A:1,ModelName:m,Level:Model",
    ]
    assert len(mine) == 1


def test_a_given_level_is_not_repeated():
    """A default dimension that the handler gives itself keeps its place and value."""
    metrics, written = watched("m")
    metrics.add_counter("C", 1, None, [Dimension("Level", "Mine")])
    metrics.add_error("E", 1, [Dimension("Level", "Mine")])
    assert [as_line(one) for one in written()] == [
        "C.Count:1.0|#Level:Mine,ModelName:m",
        "E.unit:1.0|#Level:Mine",
    ]


def test_dimensions_keep_the_names_that_they_were_given_under():
    """In any order, and whatever the metric was made with: the front end knows its order."""
    metrics, written = watched("m")
    stage, route = Dimension("Stage", "decode"), Dimension("Route", "fast")
    made = metrics.add_metric_to_cache("U", "count", ["Route", "Stage"])
    made.update(1, "", [stage, route])
    made.add_or_update(1, ["fast", "decode"])
    made.emit_metrics("", 1, "Stage:decode,Route:fast")
    metrics.add_counter("S", 1, None, [stage, route])
    metrics.add_counter("S", 1, None, [route, stage])
    assert [as_line(one) for one in written()] == [
        "U.Count:1.0|#Stage:decode,Route:fast",
        "U.Count:1.0|#Route:fast,Stage:decode",
        "U.Count:1.0|#Stage:decode,Route:fast",
        "S.Count:1.0|#Stage:decode,Route:fast,ModelName:m,Level:Model",
        "S.Count:1.0|#Route:fast,Stage:decode,ModelName:m,Level:Model",
    ]


def test_model_name_and_level_are_appended_where_the_metric_has_them():
    """One that the handler made without them is written without them."""
    metrics, written = watched("m")
    metrics.add_metric_to_cache("C", "count", ["Route", "Stage"])
    metrics.add_metric_to_cache("L", "count", ["Level"])
    metrics.add_metric_to_cache("E", "count", [])
    metrics.add_counter("C", 1, None, [Dimension("Stage", "decode"), Dimension("Route", "fast")])
    metrics.add_counter("L", 1)
    metrics.add_error("E", 1)
    assert [as_line(one) for one in written()] == [
        "C.Count:1.0|#Stage:decode,Route:fast",
        "L.Count:1.0|#Level:Model",
        "E.Count:1.0|#",
    ]


def test_a_write_names_its_own_unit():
    """That of the call; where the call has none to say, that which the metric was declared with."""
    metrics, written = watched("m", [MetricDeclaration("counter", "Images", "images", [])])
    metrics.add_time("T", 5, None, "ms")
    metrics.add_time("T", 7, None, "s")
    metrics.add_metric("T", 9, "", None, None, MetricTypes.GAUGE)
    metrics.add_counter("Images", 3)
    metrics.add_metric("Added", 1, "ms")
    metrics.add_counter("Added", 1)
    assert [(one.name, one.value, one.unit) for one in written()] == [
        ("T", 5, "Milliseconds"),
        ("T", 7, "Seconds"),
        ("T", 9, "Milliseconds"),
        ("Images", 3, "images"),
        ("Added", 1, "Milliseconds"),
        ("Added", 1, "Count"),
    ]


def test_wrong_values_are_said_once_and_counted(caplog):
    """Too few dimensions, a falling counter, no number: a line for each metric and reason, and the handler goes on."""
    metrics, written = watched("m")
    made = metrics.add_metric_to_cache("K", "count", ["A"])
    for _ in range(3):
        made.add_or_update(1)
        made.add_or_update(1, ["a", "b"])
        made.add_or_update(-1, ["a"])
        made.add_or_update("many", ["a"])
    assert {(one.kind, one.name, one.unit, one.value) for one in written()} == {
        ("dropped", "K", "dimensions", 1.0),
        ("dropped", "K", "value", 1.0),
    }
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 3
    assert [record.getMessage() for record in caplog.records] == [
        "Metric K: value 1 dropped: dimension values do not match dimension names: () and ('A',) (said once)",
        "Metric K: value -1 dropped: a counter cannot go down (said once)",
        "Metric K: value 'many' dropped: not a number (said once)",
    ]


class Unspeakable:
    """Has no text, no number and no representation."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __float__ = __str__


class Scalar:
    """As those of numpy and torch are."""

    def __float__(self):
        return 2.5


D = Dimension
NOT_TAKEN = [
    10**400,
    -1,
    "many",
    None,
    1j,
    [],
    math.nan,
    math.inf,
    -math.inf,
    Unspeakable(),
]
BAD_DIMENSIONS = [
    "Stage:decode",
    ["Stage:decode"],
    [("Stage", "decode")],
    5,
    D("A", "a"),
    [D("A", Unspeakable())],
    [None],
]


def apis(metrics, value, dimensions=None):
    """Every way to write."""
    made = metrics.add_metric_to_cache("Made", "count", ["A"])
    yield "add_metric", lambda: metrics.add_metric("M", value, "count", None, dimensions)
    yield "add_counter", lambda: metrics.add_counter("C", value, None, dimensions)
    yield "add_time", lambda: metrics.add_time("T", value, None, "ms", dimensions, MetricTypes.COUNTER)
    yield "add_size", lambda: metrics.add_size("S", value, None, "MB", dimensions, MetricTypes.COUNTER)
    yield "add_percent", lambda: metrics.add_percent("P", value, None, dimensions, MetricTypes.COUNTER)
    yield "add_error", lambda: metrics.add_error("E", value, dimensions)
    yield "update", lambda: made.update(value, "", dimensions or [D("A", "a")])
    if dimensions is None:
        yield "add_or_update", lambda: made.add_or_update(value, ["a"])
        yield "emit_metrics", lambda: made.emit_metrics("", value, "A:a")


@pytest.mark.parametrize("value", NOT_TAKEN, ids=lambda value: type(value).__name__)
def test_what_is_no_number_for_a_counter_is_dropped_alike_in_all_ways_to_write(caplog, value):
    """With a line of the metric's, and counted; nothing is raised."""
    metrics, written = watched("m")
    for name, write in apis(metrics, value):
        caplog.clear()
        write()
        write()
        assert {(one.kind, one.unit) for one in written()} == {("dropped", "value")}, name
        assert len(caplog.records) == (0 if name in ("add_or_update", "emit_metrics") else 1), name  # said by `update`


@pytest.mark.parametrize("dimensions", BAD_DIMENSIONS, ids=lambda value: type(value).__name__)
def test_dimensions_that_are_none_drop_the_write_alike(caplog, dimensions):
    """A plain string, a pair, one that has no text: a line, and counted."""
    metrics, written = watched("m")
    for name, write in apis(metrics, 1, dimensions):
        caplog.clear()
        write()
        assert {one.kind for one in written()} == {"dropped"}, name
        assert len(caplog.records) == 1, name


@pytest.mark.parametrize("value", [True, 1, 1.0, "1", Scalar(), b"1"], ids=lambda value: type(value).__name__)
def test_what_is_a_number_in_other_clothes_is_taken(caplog, value):
    """As TorchServe takes it."""
    metrics, written = watched("m")
    for name, write in apis(metrics, value):
        write()
        assert [one.value for one in written()] == [float(value)], name
    assert caplog.records == []


@pytest.mark.parametrize("kind", ["gauge", "GAUGE", "Gauge", MetricTypes.GAUGE])
def test_a_type_may_be_spelled_as_text(kind):
    """Whichever way; one that is none drops the write."""
    metrics, written = watched("m")
    metrics.add_metric("G", -1, "u", None, [], kind)
    metrics.add_metric_to_cache("H", "u", [], kind).add_or_update(-1)
    assert metrics.get_metric("H", kind) is metrics.get_metric("H", MetricTypes.GAUGE)
    assert [(one.name, one.kind) for one in written()] == [("G", "gauge"), ("H", "gauge")]


def test_what_cannot_be_understood_is_dropped_and_said(caplog):
    """Types, names and units that are none, wherever they are given."""
    metrics, written = watched("m")
    metrics.add_metric("A", 1, "u", None, None, "meter")
    metrics.add_metric("B", 1, "u", None, None, [])
    metrics.add_counter(None, 1)
    metrics.add_counter([], 1)
    metrics.add_counter("", 1)
    metrics.add_time("T", 1, None, None)
    metrics.add_time("T", 1, None, "h")
    metrics.add_size("S", 1, None, ["MB"])
    metrics.add_metric_to_cache(3, "u").add_or_update(1)
    metrics.add_metric_to_cache("K", "u", 5).add_or_update(1)
    metrics.add_metric_to_cache("K", "u", [], "meter").add_or_update(1)
    assert {one.kind for one in written()} == {"dropped"}
    assert len(caplog.records) == 11 - 1  # both units of T are of a kind
    assert metrics.cache[MetricTypes.COUNTER] == {}


def test_names_and_units_are_read_generously():
    """Bytes, numbers and lone surrogates become text; None is no unit."""
    metrics, written = watched("m")
    metrics.add_metric(b"Bytes", 1, None)
    metrics.add_metric("Sur\ud800rogate", 1, 5)
    metrics.add_counter("C", 1, None, [D(1, 2), D(b"b", None)])
    one, two, three = written()
    assert (one.name, one.unit, two.name, two.unit) == ("Bytes", "unit", "Sur?rogate", "5")
    assert (three.dimensions[:2], three.values[:2]) == (["1", "b"], ["2", "None"])


def test_a_handlers_own_idea_of_logging_fails_no_write(monkeypatch):
    """Its filter may raise."""
    metrics, written = watched("m")

    def spoil(_record):
        raise RuntimeError

    monkeypatch.setattr(logging.getLogger("servescope.worker.metrics"), "filters", [spoil])
    metrics.add_counter("C", "many")
    assert [one.kind for one in written()] == ["dropped"]


def test_metrics_without_end_are_not_remembered_without_end():
    """A handler that makes up names keeps to a bound, and writes all of them."""
    metrics, written = watched("m")
    for number in range(MOST_METRICS + 50):
        metrics.add_counter(f"C{number}", 1)
        if not number % 1000:
            written()
    assert len(metrics.cache[MetricTypes.COUNTER]) == MOST_METRICS
    assert written()[-1].name == f"C{MOST_METRICS + 49}"


def test_a_copied_context_measures_and_a_pickled_one_does_not():
    """The copy writes to the same memory; another process has none."""
    metrics, written = watched("m")
    copy.deepcopy(metrics).add_counter("C", 1)
    pickle.loads(pickle.dumps(metrics)).add_counter("C", 1)
    assert len(written()) == 1


def test_gauges_and_histograms_may_be_negative_and_numbers_may_be_nan():
    """Only a counter cannot fall; a gauge may be NaN or infinite."""
    metrics, written = watched("m")
    metrics.add_metric("G", -3, "u", None, [], MetricTypes.GAUGE)
    metrics.add_percent("G", math.nan)
    metrics.add_percent("G", math.inf)
    low, nan, high = [one.value for one in written()]
    assert low == -3
    assert math.isnan(nan)
    assert high == math.inf


def test_undeclared_metrics_are_dropped_with_one_warning_a_name(caplog):
    """With auto-detection off, metrics.yaml's metrics alone go through; the front end has their units."""
    declared = MetricDeclaration("gauge", "HandlerTime", "ms", ["ModelName", "Level"])
    metrics, written = watched("m", [declared], auto_detect=False)
    for _ in range(3):
        metrics.add_time("HandlerTime", 1.5)
        metrics.add_counter("Stray", 1)
    metrics.add_metric_to_cache("HandlerTime", "s", ["A"], MetricTypes.GAUGE).add_or_update(1, ["x"])
    assert [as_line(one) for one in written()] == [
        *["HandlerTime.ms:1.5|#ModelName:m,Level:Model"] * 3,
        "HandlerTime.Seconds:1.0|#A:x",
    ]
    assert [record.getMessage() for record in caplog.records if "Stray" in record.getMessage()] == [
        "Metric Stray: (counter) is not declared in metrics.yaml and model_metrics_auto_detect=false: "
        "its values are dropped (said once)"
    ]


def test_get_metric_finds_by_name_and_type():
    """What is absent raises MetricsCacheKeyError."""
    metrics, _ = watched("m")
    made = metrics.add_metric_to_cache("K", "ms", [], MetricTypes.GAUGE)
    assert metrics.get_metric("K", MetricTypes.GAUGE) is made
    with pytest.raises(MetricsCacheKeyError, match="'K'"):
        metrics.get_metric("K")


def test_update_and_emit_metrics_name_their_own_dimensions():
    """TorchServe's two older ways to write."""
    metrics, written = watched("m")
    made = metrics.add_metric_to_cache("K", "count", ["A"])
    made.update(2, "r1", [Dimension("B", "v")])
    made.emit_metrics("r2", 3, "B:w")
    assert [(as_line(one), one.request_id) for one in written()] == [
        ("K.Count:2.0|#B:v", "r1"),
        ("K.Count:3.0|#B:w", "r2"),
    ]


@given(st.text(), st.floats(min_value=0, allow_infinity=False))
def test_any_text_is_a_dimensions_value_that_the_wire_can_carry(text, value):
    """Lone surrogates included."""
    metrics, written = watched("m")
    metrics.add_counter("C", value, None, [Dimension("A", text + "\ud800")])
    (update,) = written()
    assert update.value == value
    update.values[0].encode("utf-8")
