"""Whether a sample came when it should have: in, the moments of the samples; out, whether that one counts as missing.

The scaler measures its own waits by the time that passes here, which never jumps.
"""

from typing import NamedTuple

MISSED = 3.0  # so many samples late is a jump
_FARTHEST_S = 1e12  # beyond it a clock says nothing: its seconds would be lost in rounding
_USUAL_MOST = 10.0  # a loop that is slow is no clock that jumps, up to so many samples a pace


class Tick(NamedTuple):
    """`now`: seconds of the scaler's own. `trusted`: the sample came in time. `torn`: windows that span it are worth nothing."""

    now: float
    trusted: bool
    torn: bool


class Clock:
    """`sample_s`: how far samples are apart. `window_s`: a gap that is longer tears the windows."""

    def __init__(self, sample_s: float, window_s: float) -> None:
        self._sample_s, self._window_s = sample_s, window_s
        self._last: float | None = None
        self._pace = sample_s
        self._now = 0.0

    def look(self, at: float) -> Tick:
        """A sample `at` that moment, by a clock that may jump or stand still, or say nothing."""
        if not abs(at) < _FARTHEST_S:  # nor is NaN
            return self._missed(torn=False)
        gap = self._sample_s if self._last is None else at - self._last
        self._last = at
        allowed = MISSED * self._pace
        if gap > 0:
            self._pace = min(max(gap, self._sample_s), _USUAL_MOST * self._sample_s)
        if not 0 < gap <= allowed:
            return self._missed(torn=gap < 0 or gap > self._window_s)
        self._now += gap
        return Tick(self._now, trusted=True, torn=False)

    def _missed(self, torn: bool) -> Tick:
        self._now += self._sample_s
        return Tick(self._now, trusted=False, torn=torn)
