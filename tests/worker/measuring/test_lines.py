"""Measurements as lines of the log, in TorchServe's form."""

import logging
import re

from servescope.worker.measuring.custom_metrics import CustomMetrics
from servescope.worker.measuring.lines import Lines


def test_a_line_for_each(caplog):
    """Name, unit, value, dimensions in their order, type, host, time in whole seconds, and the requests' ids at the end."""
    caplog.set_level(logging.INFO, "ts.metrics.caching_metric")
    metrics = CustomMetrics("m", request_id=lambda _: "r1,r2", sink=Lines(lambda: 12.9))
    metrics.add_counter("Seen", 1)
    metrics.add_counter("Seen", 2)
    metrics.add_time("Took", 1.5)
    said = [re.sub(r"#hostname:[^,]+", "#hostname:h", one.getMessage()) for one in caplog.records]
    tail = "|#hostname:h,12,r1,r2"
    assert said == [
        f"[METRICS]Seen.Count:1|#ModelName:m,Level:Model|#type:COUNTER{tail}",
        f"[METRICS]Seen.Count:2|#ModelName:m,Level:Model|#type:COUNTER{tail}",
        f"[METRICS]Took.Milliseconds:1.5|#ModelName:m,Level:Model|#type:GAUGE{tail}",
    ]


def test_what_is_dropped_has_no_line_of_its_own(caplog):
    """Only the complaint, and nothing is raised; without ids nothing follows the time."""
    caplog.set_level(logging.INFO)
    metrics = CustomMetrics("m", sink=Lines(lambda: 1.0))
    metrics.add_counter("Seen", -1)
    metrics.add_percent("Full", 50)
    assert [one.name for one in caplog.records] == ["servescope.worker.metrics", "ts.metrics.caching_metric"]
    assert caplog.records[1].getMessage().endswith(",1")
