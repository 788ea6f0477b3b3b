"""How long a scrape may hold the loop at a time. Used by all that is made for one: `exposition`, `foreign`."""

from collections.abc import Callable, Iterable, Iterator

# Seconds. Whatever one piece takes, and joining the pieces, comes on top: half a millisecond shall hold all on a slow machine.
SLICE_S = 0.00015
Clock = Callable[[], float]


class Slice:
    """The slice in hand. `clock` gives seconds."""

    __slots__ = ("_clock", "_ends")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends = clock() + SLICE_S

    def over(self) -> bool:
        """Whether it has taken its time: let others run, then say `begin`."""
        return self._clock() >= self._ends

    def begin(self) -> None:
        """The next one begins now: the pause between two is nobody's time."""
        self._ends = self._clock() + SLICE_S

    def pauses(self, steps: Iterable[object]) -> Iterator[None]:
        """Take the steps; yields wherever others are to run before the next one."""
        for _ in steps:
            if self.over():
                yield
                self.begin()
