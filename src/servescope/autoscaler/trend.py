"""Where the rate will be when a worker that is started now has loaded.

In: arrivals. Out: a rate that may only raise the count, or 0 where there is no trend that chance would not make too.
"""

from servescope.autoscaler.arrivals import Arrivals, noise

SHORTEST_S = 60.0
LONGEST_S = 120.0
KNOWN_S = 120.0
SIGNIFICANT = 1.5
MATTERS_S = 5.0


def rate_ahead(arrivals: Arrivals, ahead_s: float, most: float) -> float:
    """The rate `ahead_s` seconds from now if it goes on as it did, at most `most`; 0: it does not rise."""
    if ahead_s < MATTERS_S or arrivals.known_s < KNOWN_S:
        return 0.0
    span = min(max(SHORTEST_S, 2.0 * ahead_s), LONGEST_S)
    half = span / 2.0
    later = arrivals.rate(half)
    earlier = 2.0 * arrivals.rate(span) - later
    if later - earlier <= SIGNIFICANT * noise(later + earlier, half):
        return 0.0
    return min(most, later + (later - earlier) / half * (ahead_s + half / 2.0))
