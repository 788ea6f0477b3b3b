"""What `--slo` may say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import ConfigurationError
from servescope.planner.objective import Objective, parse_objective


@pytest.mark.parametrize(
    ("text", "objective"),
    [
        ("p99=200ms", Objective(0.99, 0.2)),
        ("P99.9=1.5s", Objective(0.999, 1.5)),
        (" p50=2s ", Objective(0.5, 2.0)),
        ("ttft_p95=300ms", Objective(0.95, 0.3, "ttft")),
        ("itl-p99=50ms", Objective(0.99, 0.05, "itl")),
    ],
)
def test_objectives_are_read(text, objective):
    """A percentile, a time, and what it is about."""
    found = parse_objective(text)
    assert (found.share, found.limit_s, found.of) == (pytest.approx(objective.share), objective.limit_s, objective.of)


@pytest.mark.parametrize(
    "text", ["", "p99", "p99=200", "p100=1s", "p49=1s", "p99=0ms", "p99=2h", "p99=-1ms", "x_p99=1s", "p99=9999s"]
)
def test_what_is_none_is_refused_by_name(text):
    """With the option and the value."""
    with pytest.raises(ConfigurationError) as refused:
        parse_objective(text)
    assert "--slo" in refused.value.message
    assert repr(text) in refused.value.message


@given(st.text(max_size=20))
def test_any_text_is_an_objective_or_refused(text):
    """No other error."""
    try:
        assert 0.5 <= parse_objective(text).share < 1
    except ConfigurationError:
        pass
