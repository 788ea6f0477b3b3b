"""The bounds that all native histograms share: bucket i holds the values v with 2**((i-1)/32) < v <= 2**(i/32).

In: a value's size. Out: its bucket's index. Used by both ends: `worker.measuring` counts by these buckets, and
`metrics.instruments.native` shows the counts. They are those of Prometheus' schema 5; whatever is nearer to 0 than the threshold
lies in a bucket of its own, and negative values lie in the buckets of -v.
"""

import math
from bisect import bisect_left
from fractions import Fraction
from functools import lru_cache

SCHEMA = 5
# Buckets that a factor of 2 is divided into.
A_DOUBLING = 1 << SCHEMA
# Values v with |v| <= this are zero; the default of Prometheus' Go client.
ZERO_THRESHOLD = 2.0**-128
# The bucket of infinity: the one after that of the largest finite float, as the Go client has it.
INFINITY = 1024 * A_DOUBLING + 1


def index_of(size: float) -> int:
    """The bucket of a value of this size, which is above the threshold and no NaN."""
    if size == math.inf:
        return INFINITY
    exponent = math.frexp(size)[1] - 1
    return exponent * A_DOUBLING + bisect_left(bounds_above(exponent), size)


def middle_of(index: int) -> float:
    """The size in a bucket's middle."""
    exponent, step = divmod(index, A_DOUBLING)
    try:
        return math.ldexp(math.pow(2.0, (step - 0.5) / A_DOUBLING), exponent)
    except OverflowError:
        return math.inf


@lru_cache(maxsize=512)
def bounds_above(exponent: int) -> tuple[float, ...]:
    """The bucket bounds from 2**exponent to twice that, both included; one that is too large for a float is infinite."""
    steps = (*_steps(), 2.0 if exponent < 1023 else math.inf)
    return tuple(math.ldexp(step, exponent) for step in steps)


@lru_cache(maxsize=1)
def _steps() -> tuple[float, ...]:
    """For each bucket bound from 1 to 2, the latter excluded, the largest float that is not above it.

    Being exact is possible and cheap here: step**32 is compared with 2**i in whole numbers. Prometheus' own table has
    errors in the last digit, which no query can tell.
    """
    return tuple(_root(index) for index in range(A_DOUBLING))


def _root(index: int) -> float:
    """The largest float whose 32nd power is at most 2**index."""
    root = math.pow(2.0, index / A_DOUBLING)
    while Fraction(root) ** A_DOUBLING > 2**index:
        root = math.nextafter(root, 0.0)
    while Fraction(above := math.nextafter(root, math.inf)) ** A_DOUBLING <= 2**index:
        root = above
    return root
