"""Codes that are folded, as the alerts on errors see them."""

from pathlib import Path

import pytest

from metrics.answers import outcome
from operate.promtool import alerting_rules, firing, given, needs_promtool, series, steady, verdict
from servescope.metrics.recording.codes import code_class
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry

STEPS = 60  # of 15 s


@pytest.mark.parametrize(("code", "expected"), [(200, "2xx"), (404, "4xx"), (599, "5xx"), (999, "9xx")])
def test_a_class(code: int, expected: str) -> None:
    """As people write it."""
    assert code_class(code) == expected


@needs_promtool
def test_alerts_see_folded_errors(tmp_path: Path) -> None:
    """A model that hides its errors behind hundreds of odd codes pages, as one does that answers with 500."""
    registry = Registry(series_budget=10)
    model = Recorder(registry, "h").model("odd", "1.0")
    for code in (*range(200, 400), *range(500, 600)):
        model.requests.finished(outcome(code=code))
    family = registry.counter("servescope_requests_total")
    common = {"job": "servescope", "instance": "a:8082"}
    inputs = {
        series(family.definition.name, common | dict(zip(family.definition.labels, values, strict=True))): steady(
            one.value, STEPS
        )
        for values, one in family.series.items()
    }
    names = ["ServescopeErrors", "ServescopeManyErrors"]
    rules = [rule for rule in alerting_rules() if rule["alert"] in names]
    expected = [firing(12 * 60, ("model_name",), [(name, "odd") for name in names])]
    assert verdict(tmp_path, given("15s", inputs, expected), rules) == ""
