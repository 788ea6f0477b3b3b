"""How long requests take a worker: what `--service-time` may say."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.autoscaler.simulator.services import service_times
from servescope.errors import ConfigurationError


def test_constant():
    """All alike."""
    times = service_times("constant:0.25")
    assert times.median_s == 0.25
    assert times.of(3, seed=1) == [0.25] * 3


def test_lognormal():
    """Median and spread are those asked for; the seed decides."""
    times = service_times("lognormal:0.2,0.5")
    drawn = times.of(20_000, seed=1)
    assert times.median_s == 0.2
    assert statistics.median(drawn) == pytest.approx(0.2, rel=0.02)
    assert statistics.mean(drawn) == pytest.approx(0.2 * 2.718281828**0.125, rel=0.02)
    assert times.of(5, seed=1) == drawn[:5]
    assert times.of(5, seed=2) != drawn[:5]


def test_a_histogram(tmp_path):
    """Times are spread over each bucket as many as it has."""
    file = tmp_path / "times.csv"
    file.write_text("le,count\n0.1,50\n0.2,0\n0.4,50\n")
    times = service_times(f"histogram:{file}")
    drawn = times.of(10_000, seed=1)
    assert times.median_s == pytest.approx(0.1)
    assert sum(took <= 0.1 for took in drawn) / 10_000 == pytest.approx(0.5, abs=0.02)
    assert not any(0.1 < took <= 0.2 for took in drawn)
    assert max(drawn) <= 0.4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0.2",
        "constant",
        "constant:",
        "constant:x",
        "constant:0",
        "constant:-1",
        "constant:nan",
        "constant:inf",
        "constant:1,2",
        "constant:99999",
        "lognormal:0.2",
        "lognormal:0.2,-1",
        "lognormal:0.2,nan",
        "lognormal:0.2,9",
        "lognormal:0,0.5",
        "lognormal:0.2,0.5,1",
        "histogram:",
        "gamma:1,2",
    ],
)
def test_what_makes_no_sense_is_refused(text):
    """With the option and the value."""
    with pytest.raises(ConfigurationError) as error:
        service_times(text)
    assert error.value.message.startswith(f"--service-time {text!r}")


@given(st.text(max_size=30))
def test_any_text_is_times_or_refused(text):
    """Nothing else comes of it."""
    try:
        times = service_times(text)
    except ConfigurationError:
        return
    assert all(took > 0 for took in times.of(3, seed=1))
