"""Counts that begin at the first sample that was scraped, as PromQL."""

import pytest

from servescope.operate.promql import PromqlError, metric, rises, sum_counted, sum_gained
from servescope.operate.promql.counting import seconds_of

REQUESTS = metric("servescope_slo_requests_total")
GAUGE = metric("process_start_time_seconds")


def one_line(expression):
    return " ".join(str(expression).split())


def test_gained():
    """The last sample less the least; a scrape just at the window's begin is in it nowhere."""
    found = sum_gained(REQUESTS, "5m", "job", "slo")
    assert one_line(found) == (
        "sum by (job, slo) (last_over_time(servescope_slo_requests_total[299s]))"
        " - sum by (job, slo) (min_over_time(servescope_slo_requests_total[299s]))"
    )
    assert found.labels == {"job", "slo"}
    before = str(sum_gained(REQUESTS, "2m", "job", ago="10m"))
    assert before.count("[119s] offset 10m") == 2


def test_counted():
    """What was before a restart counts too, where it was scraped."""
    text = one_line(sum_counted(REQUESTS, "1h", "job"))
    assert text.startswith(
        "sum by (job) ( increase(servescope_slo_requests_total[1h]) and last_over_time(servescope_slo_requests_total[2m] offset 1h)"
        " and on (instance, job) (time() - last_over_time(process_start_time_seconds[2m])) < 3600 or "
    )
    assert text.endswith(
        "or last_over_time(servescope_slo_requests_total[3599s]) - min_over_time(servescope_slo_requests_total[3599s]) )"
    )


def test_rises():
    """A gauge turned round falls where it rose; MetricsQL's own `changes` would count its first value."""
    assert str(rises(GAUGE, "15m")) == "resets((0 - process_start_time_seconds)[15m:15s])"


def test_gauges_are_refused():
    """Nothing is gained by what goes up and down."""
    for count in (sum_gained, sum_counted):
        with pytest.raises(PromqlError, match="is a gauge"):
            count(GAUGE, "5m", "job")


def test_seconds():
    """Of windows with several parts, too."""
    assert [seconds_of(text) for text in ("90s", "5m", "1h30m", "3d")] == [90, 300, 5400, 259_200]
