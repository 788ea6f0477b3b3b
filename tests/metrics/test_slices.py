"""How long a scrape may hold the loop at a time."""

from servescope.metrics.slices import SLICE_S, Slice


class Clock:
    """Stands still but for what is added."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_slice_is_over_after_its_time() -> None:
    """And the next one has as much from when it begins."""
    clock = Clock()
    hand = Slice(clock)
    clock.now += 0.9 * SLICE_S
    assert not hand.over()
    clock.now += 0.2 * SLICE_S
    assert hand.over()
    clock.now += 100.0
    hand.begin()
    assert not hand.over()


def test_pauses_come_where_a_slice_is_over() -> None:
    """Between steps, with the pause itself left out of what is counted; the steps are all taken."""
    clock, taken = Clock(), []

    def steps():
        for number in range(10):
            clock.now += 0.4 * SLICE_S
            taken.append(number)
            yield

    pauses = 0
    for _ in Slice(clock).pauses(steps()):
        clock.now += 100.0
        pauses += 1
    assert taken == list(range(10))
    assert pauses == 3
