"""`context.metrics`, held to what TorchServe 0.12.0 was recorded to write."""

import logging
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ts.metrics.dimension import Dimension

from golden import GOLDEN
from servescope.wire.messages import MetricDeclaration
from servescope.worker.measuring.caching_metric import MetricsCacheKeyError, MetricsCacheTypeError, MetricTypes
from servescope.worker.measuring.custom_metrics import CustomMetrics
from worker.conftest import context_of

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
    loading = context.metrics.drain()
    assert [as_line(one) for one in loading] == ["InitializeCallCount.Count:1.0|#ModelName:m"]
    context.start_batch(["rid"], context.request_processor)
    assert handler.entry([{"body": b""}], context) == ["metered"]
    updates = context.metrics.drain()
    assert [as_line(one) for one in updates] == RECORDED
    assert [one.kind for one in updates] == ["counter", "gauge", "gauge", "gauge", "histogram"]
    assert {one.request_id for one in updates} == {"rid"}
    assert context.metrics.drain() == []


def test_an_update_carries_its_own_request_or_all_of_the_batch():
    """`idx` picks a request; without it, or beyond the batch, all ids stand, comma-separated."""
    context = context_of(({}, {}), ids=["a", "b"])
    context.metrics.add_counter("C", 1, 1)
    context.metrics.add_counter("C", 1)
    context.metrics.add_counter("C", 1, 9)
    assert [one.request_id for one in context.metrics.drain()] == ["b", "a,b", "a,b"]


def test_no_default_is_shared_between_calls():
    """TorchServe's shared list of dimensions leaked from one call into the next; here none does."""
    metrics = CustomMetrics("m")
    metrics.add_error("E", 1)
    metrics.add_counter("C", 1)
    mine = [Dimension("A", 1)]
    metrics.add_counter("D", 1, None, mine)
    assert [as_line(one) for one in metrics.drain()] == [
        "E.unit:1.0|#Level:Error",
        "C.Count:1.0|#ModelName:m,Level:Model",
        "D.Count:1.0|#A:1,ModelName:m,Level:Model",
    ]
    assert len(mine) == 1


def test_a_given_level_is_not_repeated():
    """A default dimension that the handler gives itself keeps its place and value."""
    metrics = CustomMetrics("m")
    metrics.add_counter("C", 1, None, [Dimension("Level", "Mine")])
    assert as_line(metrics.drain()[0]) == "C.Count:1.0|#Level:Mine,ModelName:m"


def test_wrong_values_are_logged_and_dropped(caplog):
    """Too few dimensions, a falling counter, no number: a line each, and the handler goes on."""
    metrics = CustomMetrics("m")
    made = metrics.add_metric_to_cache("K", "count", ["A"])
    made.add_or_update(1)
    made.add_or_update(1, ["a", "b"])
    made.add_or_update(-1, ["a"])
    made.add_or_update("many", ["a"])
    metrics.add_counter("K", 1)
    assert metrics.drain() == []
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 5
    assert all("Metric K" in record.getMessage() for record in caplog.records)


def test_gauges_and_histograms_may_be_negative_and_numbers_may_be_nan():
    """Only a counter cannot fall; NaN and infinity are passed on as they are."""
    metrics = CustomMetrics("m")
    metrics.add_metric("G", -3, "u", None, [], MetricTypes.GAUGE)
    metrics.add_counter("C", math.nan)
    metrics.add_counter("C", math.inf)
    low, nan, high = [one.value for one in metrics.drain()]
    assert low == -3
    assert math.isnan(nan)
    assert high == math.inf


def test_undeclared_metrics_are_dropped_with_one_warning_a_name(caplog):
    """With auto-detection off, metrics.yaml's metrics alone go through, under its unit."""
    declared = MetricDeclaration("gauge", "HandlerTime", "ms", ["ModelName", "Level"])
    metrics = CustomMetrics("m", [declared], auto_detect=False)
    for _ in range(3):
        metrics.add_time("HandlerTime", 1.5)
        metrics.add_counter("Stray", 1)
    metrics.add_metric_to_cache("HandlerTime", "s", ["A"], MetricTypes.GAUGE).add_or_update(1, ["x"])
    assert [as_line(one) for one in metrics.drain()] == [
        *["HandlerTime.ms:1.5|#ModelName:m,Level:Model"] * 3,
        "HandlerTime.Seconds:1.0|#A:x",
    ]
    assert [record.getMessage() for record in caplog.records if "Stray" in record.getMessage()] == [
        "Metric Stray (counter) is not declared in metrics.yaml and model_metrics_auto_detect=false: "
        "its values are dropped"
    ]


def test_get_metric_finds_by_name_and_type():
    """What is absent raises MetricsCacheKeyError."""
    metrics = CustomMetrics("m")
    made = metrics.add_metric_to_cache("K", "ms", [], MetricTypes.GAUGE)
    assert metrics.get_metric("K", MetricTypes.GAUGE) is made
    with pytest.raises(MetricsCacheKeyError, match="'K'"):
        metrics.get_metric("K")


def test_unusable_arguments_name_themselves():
    """A unit that a call does not take, a type that is none, a name that is no text."""
    metrics = CustomMetrics("m")
    with pytest.raises(ValueError, match="'h'"):
        metrics.add_time("T", 1, None, "h")
    with pytest.raises(ValueError, match="'TB'"):
        metrics.add_size("S", 1, None, "TB")
    with pytest.raises(MetricsCacheTypeError, match="'gauge'"):
        metrics.add_metric("G", 1, "u", None, [], "gauge")
    with pytest.raises(MetricsCacheTypeError, match="3"):
        metrics.add_counter(3, 1)


def test_update_and_emit_metrics_name_their_own_dimensions():
    """TorchServe's two older ways to write."""
    metrics = CustomMetrics("m")
    made = metrics.add_metric_to_cache("K", "count", ["A"])
    made.update(2, "r1", [Dimension("B", "v")])
    made.emit_metrics("r2", 3, "B:w")
    assert [(as_line(one), one.request_id) for one in metrics.drain()] == [
        ("K.Count:2.0|#B:v", "r1"),
        ("K.Count:3.0|#B:w", "r2"),
    ]


@given(st.text(), st.floats(min_value=0))
def test_any_text_is_a_dimensions_value_that_the_wire_can_carry(text, value):
    """Lone surrogates included."""
    metrics = CustomMetrics("m")
    metrics.add_counter("C", value, None, [Dimension("A", text + "\ud800")])
    (update,) = metrics.drain()
    assert update.value == value
    update.values[0].encode("utf-8")
