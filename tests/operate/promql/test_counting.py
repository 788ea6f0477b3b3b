"""Counts that begin at the first sample that was scraped, as PromQL."""

import pytest

from servescope.operate.promql import PromqlError, counted, gained, metric, per_second, rises
from servescope.operate.promql.counting import seconds_of

REQUESTS = metric("servescope_slo_requests_total")
GAUGE = metric("process_start_time_seconds")


def test_gained():
    """The last sample less the least; a scrape just at the window's begin is in it nowhere."""
    text = "last_over_time(servescope_slo_requests_total[2m]) - min_over_time(servescope_slo_requests_total[299s])"
    assert " ".join(str(gained(REQUESTS, "5m")).split()) == text
    assert gained(REQUESTS, "5m").labels == REQUESTS.labels
    before = str(gained(REQUESTS, "2m", "10m"))
    assert before.count("offset 10m") == 2
    assert "[119s]" in before


def test_counted():
    """What was before a restart counts too."""
    text = str(counted(REQUESTS, "1h"))
    assert text.startswith("last_over_time(servescope_slo_requests_total[2m])")
    assert "resets(servescope_slo_requests_total[1h]) > 0" in text
    assert text.endswith("or\nincrease(servescope_slo_requests_total[1h])")


def test_per_second():
    """The rate of what is known for the whole window, and of others what was gained, over all of it."""
    text = str(per_second(REQUESTS, "5m"))
    assert (
        "rate(servescope_slo_requests_total[5m])\nand\nlast_over_time(servescope_slo_requests_total[2m] offset 5m)"
        in text
    )
    assert text.endswith("/ 300")


def test_rises():
    """A gauge turned round falls where it rose; MetricsQL's own `changes` would count its first value."""
    assert str(rises(GAUGE, "15m")) == "resets((0 - process_start_time_seconds)[15m:15s])"


def test_gauges_are_refused():
    """Nothing is gained by what goes up and down."""
    for count in (gained, counted, per_second):
        with pytest.raises(PromqlError, match="is a gauge"):
            count(GAUGE, "5m")


def test_seconds():
    """Of windows with several parts, too."""
    assert [seconds_of(text) for text in ("90s", "5m", "1h30m", "3d")] == [90, 300, 5400, 259_200]
