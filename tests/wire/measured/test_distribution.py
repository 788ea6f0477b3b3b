"""What a worker has observed, by its own bounds and by those of whoever asks."""

import math

from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.measured.distribution import Distribution
from servescope.wire.measured.folded import FoldedReader
from servescope.wire.measured.memory import private
from servescope.wire.messages import Measuring
from servescope.worker.measuring.folding import Folding

values = st.lists(st.floats(-1e9, 1e9) | st.sampled_from([0.0, 1.0, 2.0, 5.0, -5.0]), min_size=1, max_size=50)
bounds = st.lists(st.floats(-1e9, 1e9), unique=True, max_size=6).map(lambda found: tuple(sorted(found)))


def observed(numbers, own) -> Distribution:
    memory = private()
    entry = Folding(memory, "m", Measuring(bounds=list(own))).entry("histogram", "H", "u", (), ())
    for number in numbers:
        entry.write(number, "")
    (update,) = FoldedReader(memory).take()
    return update.distribution


def counted(numbers, uppers):
    return tuple(sum(number <= upper for number in numbers) for upper in (*uppers, math.inf))


@given(values, bounds)
def test_its_own_bounds_count_exactly(numbers, own):
    """Values that are bounds included."""
    assert observed(numbers, own).counted_by(own) == counted(numbers, own)


@given(values, bounds, bounds)
def test_other_bounds_count_to_a_native_buckets_width(numbers, own, others):
    """And exactly where they are its own; the counts only grow."""
    mixed = tuple(sorted({*own, *others}))
    found = observed(numbers, own).counted_by(mixed)
    assert list(found) == sorted(found)
    assert found[-1] == len(numbers)
    for upper, count in zip(mixed, found, strict=False):
        slack = abs(upper) * 0.022 + 1e-30
        assert counted(numbers, [upper - slack])[0] <= count <= counted(numbers, [upper + slack])[0]
        if upper in own:
            assert count == counted(numbers, [upper])[0]


@given(values, bounds)
def test_in_another_unit(numbers, own):
    """Bounds, sum and counts go along, the native buckets to the width of one."""
    before = observed(numbers, own)
    after = before.scaled(1000.0)
    assert after.counts == before.counts
    assert after.bounds == tuple(bound * 1000.0 for bound in own)
    assert math.isclose(after.sum, sum(numbers) * 1000.0, rel_tol=1e-9, abs_tol=1e-3)
    assert sum(after.positive.values()) == sum(before.positive.values())
    there = observed([number * 1000.0 for number in numbers], ())
    assert {index for index in after.positive if not {index - 1, index, index + 1} & set(there.positive)} == set()
