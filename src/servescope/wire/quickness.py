"""Whether it pays to wait awake for the next message, by how soon those before have come. For `wire.polling`, and front ends.

To wake a process that sleeps on a processor that has nothing else to do takes 20 to 40 µs, more than anything else that happens
to a small request. Who is told something quickly, again and again, looks for it instead of sleeping, and lets whoever wants the
processor have it. The kernel's adaptive halt polling decides alike. Where somebody does want it, and keeps it, each look costs
more than it saves: who has given a processor away is the last to get it back.
"""

# It pays where more than two thirds of the gaps were short of late: those count one, others minus two.
_SURE, _SUREST, _MISSED = 3, 8, 2
# After somebody else has kept the processor it does not for so many gaps: twice as many each time, a 64th fewer for each time that
# nobody did. A processor that is shared is soon found out, one that is taken away once in a hundred looks loses little, and a
# crowd that has gone is soon forgotten.
_LEAST_ASLEEP, _MOST_ASLEEP, _FORGOTTEN = 64, 8192, 64


class Quickness:
    """Of what one waits for: `limit_s` is for how long that would be done awake. Nothing here looks at a clock."""

    __slots__ = ("_asleep", "_score", "limit_s")

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._score = 0  # below 0: for how many gaps it does not pay, however short they are
        self._asleep = _LEAST_ASLEEP

    @property
    def pays(self) -> bool:
        """Whether the next is worth waiting for."""
        return self._score >= _SURE

    def came(self, after_s: float) -> None:
        """The next has come, after so many seconds."""
        if after_s < self.limit_s:
            if self._score < _SUREST:
                self._score += 1
        elif self._score > 0:
            self._score = max(0, self._score - _MISSED)
        elif self._score < 0:
            self._score += 1

    def looked(self, for_s: float) -> None:
        """It was waited for awake, from beginning to end for so many seconds: over twice the limit, somebody had the processor."""
        if for_s > 2 * self.limit_s:
            self._score = -self._asleep
            self._asleep = min(2 * self._asleep, _MOST_ASLEEP)
        elif self._asleep > _LEAST_ASLEEP:
            self._asleep -= self._asleep // _FORGOTTEN
