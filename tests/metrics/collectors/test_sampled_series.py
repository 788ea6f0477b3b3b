"""Series that readings fill: gauges as they are, counters that only grow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.metrics.collectors.reading import Reading
from servescope.metrics.collectors.sampled_series import SampledSeries
from servescope.metrics.registry import Registry

ENERGY = "servescope_gpu_energy_joules_total"
CARD = ("0", "u", "n", "h")


@given(st.lists(st.integers(0, 10**12), min_size=1))
def test_a_counter_is_its_source_and_never_falls(totals: list[int]) -> None:
    """Each step up adds the difference; each step down is a new beginning from zero."""
    registry = Registry()
    series = SampledSeries(registry)
    shown = []
    for total in totals:
        series.write(Reading(ENERGY, CARD, total))
        shown.append(registry.counter(ENERGY).series[CARD].value)
    assert shown == sorted(shown)
    steps = [new - old if new >= old else new for old, new in zip([0, *totals], totals, strict=False)]
    assert shown[-1] == sum(steps)


def test_a_counter_that_went_begins_anew() -> None:
    """A series that was dropped and comes back shows what its source says: to its reader it is another one."""
    registry = Registry()
    series = SampledSeries(registry)
    key = series.write(Reading(ENERGY, CARD, 50.0))
    series.drop([key])
    assert registry.counter(ENERGY).series == {}
    series.write(Reading(ENERGY, CARD, 20.0))
    assert registry.counter(ENERGY).series[CARD].value == 20.0


def test_what_nothing_declares() -> None:
    """Neither a family nor a number of labels."""
    series = SampledSeries(Registry())
    with pytest.raises(KeyError, match="no_such_family"):
        series.write(Reading("no_such_family", (), 1.0))
    with pytest.raises(ValueError, match="MemoryUsed has labels"):
        series.write(Reading("MemoryUsed", (), 1.0))
